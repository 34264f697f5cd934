"""When the same done again is a button that was pressed twice: then it is done once."""

from datetime import timedelta

TWICE = timedelta(seconds=10)  # since the first press
