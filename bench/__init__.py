"""Benchmarks of Handbell beside a bare Flask "hello" on the same server: `make bench`, docs/benchmarks.md."""
