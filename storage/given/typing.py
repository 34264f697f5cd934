"""What is said in a recording, or can be seen in a photo, written down beside it for those who need words."""

from collections.abc import Callable, Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.safety import SafeWords
from storage.care.alerts import Found, look_at
from storage.erasure import auditing
from storage.erasure.auditing import Trace
from storage.given.whose import Of, find
from storage.members.groups import Complaint
from storage.tables import audit, media
from storage.turning.views import changed

LONGEST = 20_000  # characters
HEARD, TYPED, DESCRIBED = "heard or seen", "typed up", "described"  # in the trail

NOT_HERE = "There is no recording or photo with that id in this group: it may have been taken back."
TOO_LONG = f"What is typed up has at most {LONGEST} characters."


async def type_up(
    conn: AsyncConnection,
    group: str,
    wanted: str,
    words: str,
    by: str,
    *,
    safe_words: SafeWords,
    ids: Callable[[], str],
    now: datetime,
) -> bool:
    """Keep these words in place of those before; whether they raised an alert. Raise Complaint.

    Whoever types it up has heard or seen it. No words are right too, where the old ones were not.
    """
    words = words.strip()
    if len(words) > LONGEST:
        raise Complaint(TOO_LONG)
    of = await find(conn, wanted, group=group)
    if of is None:
        raise Complaint(NOT_HERE)
    m = media.c
    row = (await conn.execute(sa.select(m.kind, m.typed).where(m.id == wanted))).one()
    if row.typed == words:
        return False
    kept = {"typed": words, "heard_at": sa.func.coalesce(m.heard_at, sa.literal(now, m.heard_at.type))}
    await conn.execute(sa.update(media).where(m.id == wanted).values(**kept))
    did = DESCRIBED if row.kind == "photo" else TYPED
    await auditing.record(conn, ids=ids, group=group, did=did, subject=wanted, who=by, now=now)
    await changed(conn, [group])  # of what came without a name, others are shown these words
    return await _look(conn, of, words, safe_words, ids=ids, now=now)


async def seen_by(conn: AsyncConnection, group: str, files: Collection[str]) -> dict[str, Trace]:
    """By file, who heard, saw or typed it up last."""
    a = audit.c
    here = (a.group_id == group, a.subject.in_(files), a.did.in_((HEARD, TYPED, DESCRIBED)))
    rows = await conn.execute(sa.select(a.who, a.did, a.subject, a.why, a.at).where(*here).order_by(a.at))
    return {row.subject or "": Trace(**row._mapping) for row in rows}


async def _look(
    conn: AsyncConnection, of: Of, words: str, safe_words: SafeWords, *, ids: Callable[[], str], now: datetime
) -> bool:
    """Words that were spoken may mean danger just as written ones."""
    gift = of.id if of.kind == "contribution" else ""
    found = Found(words=words, gift=gift, member=of.member)
    return await look_at(conn, of.group, found, safe_words, ids=ids, now=now)
