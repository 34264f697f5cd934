"""A member's number and PIN: a slow hash, limits, and the same answer whatever is wrong."""

import asyncio
import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.lines import guessing
from storage.secrets import Secrets
from storage.tables import members

COST = {"n": 2**14, "r": 8, "p": 1}  # some hundredths of a second for each guess
SALT = 16  # bytes
NOBODY = bytes(SALT).hex() + "$" + bytes(32).hex()  # checked where there is no PIN, so that it takes as long


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whose number it is: `member` is "" where number or PIN is wrong, and nothing tells which.

    `closed`: too many were wrong lately, so nothing was looked at; with `today` nothing will be before
    tomorrow. `asks_pin`: the number is right, and
    its member has a PIN that was not given.
    """

    member: str = ""
    closed: bool = False
    today: bool = False
    asks_pin: bool = False


WRONG = Checked()


async def check_number(
    conn: AsyncConnection,
    secrets: Secrets,
    *,
    group: str,
    practice: bool = False,
    number: str,
    pin: str = "",
    must_have_pin: bool = False,
    by: str,
    ids: Callable[[], str],
    now: datetime,
) -> Checked:
    """Who keys this member number, and PIN where they have one: for a call or turn from any phone.

    `by` is who tries: the line's id, or where there is none the call's. With `must_have_pin` a number
    alone is never enough, as for coming back. Wrong ones are counted here and at once, by whoever tries
    and for the member they are about. On a practice phone only the numbers of who practise are anybody's.
    """
    m = members.c
    here = (m.group_id == group, m.practice == practice)
    theirs = (*here, m.number == number, m.state.not_in(("left", "erased")))
    person = sa.func.coalesce(m.joined_to, m.id)
    row = (
        await conn.execute(sa.select(m.id, person.label("person"), m.pin_hash).where(*theirs))
    ).one_or_none()
    about = row.id if row else f"{group}:nobody"
    if await guessing.closed(conn, guessing.NUMBERS, by, now):
        return Checked(closed=True)
    if (pin or must_have_pin) and await guessing.closed(conn, guessing.PINS, about, now):
        return Checked(closed=True)
    if (pin or must_have_pin) and await guessing.closed(conn, guessing.PINS_A_DAY, about, now):
        return Checked(closed=True, today=True)
    kept = row.pin_hash if row else None
    if row and kept and not pin and not must_have_pin:
        return Checked(asks_pin=True)
    if row and not kept and not must_have_pin:
        return Checked(member=row.person)
    right = await matches(secrets, row.id if row else "", pin, kept)
    if row and right:
        return Checked(member=row.person)
    await guessing.count(conn, guessing.NUMBERS, by, ids=ids, now=now)
    if pin:
        await guessing.count(conn, guessing.PINS, about, ids=ids, now=now)
    return WRONG


async def keep_pin(conn: AsyncConnection, secrets: Secrets, member: str, pin: str) -> None:
    """From now on this is their PIN; "" for none."""
    kept = await _hashed(secrets, member, pin, os.urandom(SALT)) if pin else None
    await conn.execute(sa.update(members).where(members.c.id == member).values(pin_hash=kept))


async def matches(secrets: Secrets, member: str, pin: str, kept: str | None) -> bool:
    """Whether this is the PIN that is kept; it takes as long where none is."""
    salt, _, _ = (kept or NOBODY).partition("$")
    made = await _hashed(secrets, member, pin, bytes.fromhex(salt))
    return hmac.compare_digest(made, kept or NOBODY) and kept is not None


async def _hashed(secrets: Secrets, member: str, pin: str, salt: bytes) -> str:
    """Slow, and with our key: four digits alone would be found from a copy of the database."""
    keyed = secrets.hash(f"{member}\0{pin}", "pin")
    made = await asyncio.to_thread(hashlib.scrypt, keyed, salt=salt, dklen=32, **COST)
    return f"{salt.hex()}${made.hex()}"
