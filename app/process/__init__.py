"""One running process: what it shares, its threads, its streams and its rates."""
