"""The files that members gave, each stored once under the hash of its bytes: in a folder or in a bucket."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from storage.database import StorageError
from storage.files.media_place import Place
from storage.files.prepared import Kind, Prepared


class Lost(StorageError):
    """A stored file is not where it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A prepared file that is stored, and what its row is to say of it."""

    kind: Kind
    type: str
    sha256: str
    thumb_sha256: str | None
    bytes: int
    width: int
    height: int


class MediaStore:
    """Files by their hashes, as `ab/cd/<sha256>` wherever they lie. Every call may raise Away."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def keep(self, prepared: Prepared) -> Saved:
        """Store a prepared file and its thumbnail."""
        return Saved(
            kind=prepared.kind,
            type=prepared.type,
            sha256=await self.save(prepared.data),
            thumb_sha256=await self.save(prepared.thumb) if prepared.thumb else None,
            bytes=len(prepared.data),
            width=prepared.width,
            height=prepared.height,
        )

    async def save(self, data: bytes) -> str:
        """Store bytes and give the hash that finds them."""
        sha256 = (await asyncio.to_thread(hashlib.sha256, data)).hexdigest()
        if not await self.has(sha256):
            await self._place.put(_name(sha256), data)
        return sha256

    async def load(self, sha256: str) -> bytes:
        """Give stored bytes back; raise Lost."""
        try:
            return await self._place.get(_name(sha256))
        except FileNotFoundError:
            raise _lost(sha256) from None

    async def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Give stored bytes piece by piece, so that no large file is in memory whole; raise Lost."""
        try:
            async for piece in self._place.read(_name(sha256)):
                yield piece
        except FileNotFoundError:
            raise _lost(sha256) from None

    async def has(self, sha256: str) -> bool:
        """Whether these bytes are stored."""
        return await self._place.has(_name(sha256))

    async def remove(self, sha256: str) -> None:
        """Delete stored bytes, if they are there: only what nobody needs, as `leftovers` knows."""
        await self._place.delete(_name(sha256))


def _name(sha256: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError("that is no hash of a file")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _lost(sha256: str) -> Lost:
    return Lost(f"A stored file is not there: its name begins {sha256[:8]}. Put it back from a backup.")
