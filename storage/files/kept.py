"""What is known of one photo or recording: how it is kept, and what staff wrote down of it."""

from dataclasses import dataclass, fields

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import media


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One file. Until its `state` is "stored" it has no hash; `thumb_sha256` is that of a small photo."""

    id: str
    kind: str
    type: str
    state: str
    sha256: str | None
    thumb_sha256: str | None
    typed: str
    width: int
    height: int


_COLUMNS = [media.c[one.name] for one in fields(Kept)]


async def find(conn: AsyncConnection, id_: str) -> Kept | None:
    """The file with this id; whose it is, `storage.given.whose` says."""
    row = (await conn.execute(sa.select(*_COLUMNS).where(media.c.id == id_))).mappings().one_or_none()
    return Kept(**row) if row else None
