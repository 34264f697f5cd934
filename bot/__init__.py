"""The running service: settings, clock, loop, port and commands."""
