"""One running process: its shared parts, threads, streams and rates."""
