"""What a file needs beyond its own bytes to outlive a power cut."""

import os
from pathlib import Path


def sync_folder(path: Path) -> None:
    """A new name is only safe when its folder is on disk too."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
