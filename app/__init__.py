"""Handbell: the front door between a website and a remote-support session. docs/architecture.md is the map."""
