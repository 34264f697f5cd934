"""The facilitators' pages: they see and do what messages and commands can, through the same doors."""
