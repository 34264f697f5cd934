"""What members gave: kept, changed, listed, hidden, entered for them."""
