"""Ways to open a session, one file each."""
