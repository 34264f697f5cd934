"""Group chats on Telegram that are linked to a group: by a word that is good once, wherever they move."""

import secrets as chance
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import ALPHABET
from storage.secrets import Secrets
from storage.tables import rooms

WORD, WORD_LASTS = 8, timedelta(hours=24)  # letters of the word that links a chat, and how long it is good


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A group chat that is linked to a group."""

    id: str
    group: str
    address: str


async def room_word(conn: AsyncConnection, secrets: Secrets, *, id: str, group: str, now: datetime) -> str:
    """A new word that links one chat to this group within a day; it replaces an unused one."""
    c = rooms.c
    await conn.execute(rooms.delete().where(c.group_id == group, c.linked_at.is_(None)))
    word = "".join(chance.choice(ALPHABET) for _ in range(WORD)).upper()
    await conn.execute(
        rooms.insert().values(
            id=id, group_id=group, word_hash=_word_hash(secrets, word), word_until=now + WORD_LASTS
        )
    )
    return word


async def link_room(
    conn: AsyncConnection, secrets: Secrets, *, word: str, address: str, now: datetime
) -> Room | None:
    """Link the chat with this address to the group that the word is of; None where the word is not good.

    A chat belongs to one group: the last word given there counts.
    """
    c = rooms.c
    good = sa.and_(c.word_hash == _word_hash(secrets, word), c.word_until > now, c.linked_at.is_(None))
    row = (await conn.execute(sa.select(c.id, c.group_id).where(good))).first()
    if row is None:
        return None
    hashed = _room_hash(secrets, address)
    await conn.execute(rooms.delete().where(c.address_hash == hashed))
    await conn.execute(
        rooms.update()
        .where(c.id == row.id)
        .values(
            address=secrets.seal(address), address_hash=hashed, linked_at=now, word_hash=None, word_until=None
        )
    )
    return Room(id=row.id, group=row.group_id, address=address)


async def move_room(conn: AsyncConnection, secrets: Secrets, *, old: str, new: str) -> None:
    """Follow a linked chat to its new address: Telegram gives it another one when it grows."""
    c = rooms.c
    hashed = _room_hash(secrets, new)
    await conn.execute(rooms.delete().where(c.address_hash == hashed))
    moved = {"address": secrets.seal(new), "address_hash": hashed}
    await conn.execute(rooms.update().where(c.address_hash == _room_hash(secrets, old)).values(moved))


async def find_room(conn: AsyncConnection, secrets: Secrets, address: str) -> Room | None:
    """The linked chat with this address."""
    c = rooms.c
    found = sa.select(c.id, c.group_id).where(c.address_hash == _room_hash(secrets, address))
    row = (await conn.execute(found)).first()
    return Room(id=row.id, group=row.group_id, address=address) if row else None


def _word_hash(secrets: Secrets, word: str) -> bytes:
    return secrets.hash(word.strip().upper(), "room word")


def _room_hash(secrets: Secrets, address: str) -> bytes:
    return secrets.hash(address, "room")
