"""Signing keys and their uses: the secret that seals them, sealed secrets, checks, vouched identities."""
