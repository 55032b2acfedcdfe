"""Signing keys and what is made with them: the keys file, sealed secrets, checks, vouched identities."""
