"""What answers on the port: the providers' webhooks, the practice phone, operations."""
