"""Handbell connects a website with remote-support sessions. docs/architecture.md is the map."""
