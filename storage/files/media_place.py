"""The seam between the files that members gave and where they lie."""

from collections.abc import AsyncIterator
from typing import Protocol

from storage.database import StorageError


class Away(StorageError):
    """The place of the files does not answer, or takes nothing more: the same may work later."""


class Place(Protocol):
    """Where files lie under their names. Each is whole or not there, and safe once `put` has returned.

    What is not there raises FileNotFoundError; whatever else goes wrong raises Away.
    """

    async def put(self, name: str, data: bytes) -> None: ...

    async def get(self, name: str) -> bytes: ...

    def read(self, name: str) -> AsyncIterator[bytes]: ...

    async def has(self, name: str) -> bool: ...

    async def delete(self, name: str) -> None:
        """Delete it; what is not there may be deleted too."""
