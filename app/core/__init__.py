"""Rules of the trade, pure: only the standard library and itsdangerous, no I/O; the time is passed in."""
