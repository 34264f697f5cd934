"""Measurements, by `make bench`: each `bench_*` module here has a `main()` that prints its numbers."""
