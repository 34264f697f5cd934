"""What waits to be sent, what may go, and what became of it."""
