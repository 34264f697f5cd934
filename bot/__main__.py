"""Lets `python -m bot` do what the command `takepart` does."""

from bot.cli import main

if __name__ == "__main__":
    main()
