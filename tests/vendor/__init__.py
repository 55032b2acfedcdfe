"""The vendor's side, for tests: a stand-in for its New Session API and a proxy that breaks calls.

It imports nothing of `app`: the stand-in's expectations must not come from our code.
"""
