"""Files uploaded on a practice phone, for the short time until they are fetched as from a provider."""

import asyncio
import re
import secrets
import time
from pathlib import Path

from channels.base import FetchRefused
from channels.practice import REF

LASTS = 600  # seconds


class Uploads:
    """A folder that empties itself: what was sent may still carry where it was taken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, data: bytes) -> str:
        """Store a file; what finds it again."""
        return await asyncio.to_thread(self._keep, data)

    async def load(self, ref: str, *, most: int) -> bytes:
        """A stored file; raise FetchRefused, as a provider would, where it is gone or too large."""
        token = ref.removeprefix(REF)
        if not re.fullmatch(r"[0-9a-f]{32}", token):
            raise FetchRefused("That is no file of a practice phone.")
        try:
            data = await asyncio.to_thread((self._folder / token).read_bytes)
        except OSError:
            raise FetchRefused("The practice phone's file is gone.") from None
        if len(data) > most:
            raise FetchRefused("The practice phone's file is larger than is kept here.")
        return data

    def sweep(self) -> None:
        """Remove what is too old, and what an earlier run left."""
        for path in self._folder.glob("*"):
            if path.stat().st_mtime < time.time() - LASTS:
                path.unlink(missing_ok=True)

    def _keep(self, data: bytes) -> str:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sweep()
        token = secrets.token_hex(16)
        path = self._folder / token
        path.touch(mode=0o600)
        path.write_bytes(data)
        return f"{REF}{token}"
