"""The parts of a turn; `flows.engine` is the door to them."""
