"""Everything that comes in: from what a channel decoded to turns that are stored."""
