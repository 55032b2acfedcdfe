"""Rules of the trade, pure: standard library and itsdangerous only; no I/O, no clock of its own."""
