"""Providers of the tests' own, over real sockets."""
