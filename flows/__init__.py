"""What Takepart exists for: turns, flows, ballots and time. Knows nobody; does no I/O."""
