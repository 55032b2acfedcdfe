"""The other side of the wire, for tests: a stand-in for the vendor's New Session API and a proxy that breaks calls.

Nothing here imports `app`: what the stand-in holds against us must not come from us.
"""
