"""How fast Handbell answers beside a bare Flask "hello" on the same server: `make bench`, docs/benchmarks.md."""
