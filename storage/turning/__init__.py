"""What a batch of turns reads and writes."""
