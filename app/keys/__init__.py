"""Signing keys and their uses: the keys file, sealed secrets, checks, vouched identities."""
