"""Alerts that somebody may be in danger: raised, found again, and seen to by one person."""

import secrets as chance
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.safety import SafeWords
from storage.care import watches
from storage.erasure import auditing
from storage.sending.checks import ALERT
from storage.tables import alert_steps, alert_words, alerts, matters, members, outbox

TOGETHER = timedelta(hours=1)  # what one person sends meanwhile is one alert, as long as nobody has seen it
NUMBERS = range(100, 1000)
LATELY = timedelta(days=90)  # so long no other alert has the same number
IN_VAIN = "Nobody has seen alert {0}: takepart safety show {0} --by ME"  # on the list of what needs a person
SEEN = "Somebody looks at the alert already."
SERVICE = "takepart"  # in the trail: what the service did by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What somebody sent: the words, what they became, and who sent them by which line, where known."""

    words: str
    gift: str = ""
    event: str | None = None
    member: str | None = None
    line: str | None = None
    practice: bool = False


async def raise_alert(
    conn: AsyncConnection, group: str, found: Found, *, ids: Callable[[], str], now: datetime
) -> str:
    """Note an alert, or add to the one that the same person has raised already; its id."""
    alert = await _open_of(conn, group, found, now)
    if alert is None:
        alert = ids()
        row = {"id": alert, "group_id": group, "number": await _number(conn, now), "at": now, "due_at": now}
        who = {"member_id": found.member, "line_id": found.line, "practice": found.practice}
        await conn.execute(alerts.insert().values(**row, **who))
        await auditing.record(
            conn, ids=ids, group=group, did="alert raised", subject=alert, who=SERVICE, now=now
        )
    words = {"gift": found.gift or None, "event_id": found.event, "words": found.words, "at": now}
    await conn.execute(alert_words.insert().values(id=ids(), alert_id=alert, **words))
    return alert


async def look_at(
    conn: AsyncConnection,
    group: str,
    found: Found,
    shipped: SafeWords,
    *,
    ids: Callable[[], str],
    now: datetime,
) -> bool:
    """Whether words that did not come by a turn may mean danger; if so, there is an alert now."""
    watch = await watches.watch(conn, group, shipped) or shipped.watch()
    if not watch.finds(found.words):
        return False
    await raise_alert(conn, group, found, ids=ids, now=now)
    return True


async def find(conn: AsyncConnection, wanted: str, *, group: Sequence[str] | None = None) -> Any | None:
    """The alert with this id or number, an open one first; "" is the last that is open. None for none."""
    a, by = alerts.c, members.alias()
    which = a.state == "open" if not wanted else sa.or_(a.id == wanted, a.number == wanted)
    here = [which] if group is None else [which, a.group_id.in_(group)]
    found = (
        sa.select(alerts, by.c.name.label("seen_name"))
        .outerjoin(by, by.c.id == a.seen_by)
        .where(*here)
        .order_by(sa.case((a.state == "open", 0), else_=1), a.at.desc(), a.id.desc())
        .limit(1)
    )
    return (await conn.execute(found)).first()


async def see(
    conn: AsyncConnection, alert: str, by: str, *, channel: str = "", ids: Callable[[], str], now: datetime
) -> bool:
    """This person looks at it: nobody else is told. False where somebody did so before."""
    a, w = alerts.c, alert_words.c
    # What came from a number that no group knows is one thing, whichever group sees to it.
    events = sa.select(w.event_id).where(w.alert_id == alert, w.event_id.is_not(None))
    same = sa.select(w.alert_id).where(w.event_id.in_(events))
    change = (
        sa.update(alerts)
        .where(a.state == "open", sa.or_(a.id == alert, a.id.in_(same)))
        .values(state="seen", seen_by=by, seen_at=now, due_at=None)
        .returning(a.id, a.number, a.group_id)
    )
    seen = (await conn.execute(change)).all()
    for row in seen:
        await step(conn, row.id, "seen", contact=by, channel=channel, ids=ids, now=now)
        await auditing.record(
            conn, ids=ids, group=row.group_id, did="alert seen", subject=row.id, who=by, now=now
        )
        await _tell_no_more(conn, row.id)
        m = matters.c
        stands = (m.group_id == row.group_id, m.kind == "alert", m.words == IN_VAIN.format(row.number))
        await conn.execute(sa.update(matters).where(*stands, m.done_at.is_(None)).values(done_at=now))
    return bool(seen)


async def _tell_no_more(conn: AsyncConnection, alert: str) -> None:
    """Whoever was to hear of it later, such as in the morning, need not."""
    o = outbox.c
    waiting = sa.update(outbox).where(o.state == "waiting", o.kind == ALERT, o.subject_id == alert)
    await conn.execute(waiting.values(state="dropped", body=None, sentence=SEEN))


async def step(
    conn: AsyncConnection,
    alert: str,
    what: str,
    *,
    contact: str | None = None,
    channel: str = "",
    line: str | None = None,
    outbox: str | None = None,
    ids: Callable[[], str],
    now: datetime,
) -> None:
    """Note one step: told, not reached, passed on, seen, nobody."""
    row = {"id": ids(), "alert_id": alert, "contact_id": contact, "what": what, "channel": channel or None}
    await conn.execute(alert_steps.insert().values(**row, line_id=line, outbox_id=outbox, at=now))


async def taken_back(conn: AsyncConnection, gift: str) -> None:
    """Its giver took it back: the alert stays, its words go."""
    mine = sa.update(alert_words).where(alert_words.c.gift == gift)
    await conn.execute(mine.values(words=""))


async def _open_of(conn: AsyncConnection, group: str, found: Found, now: datetime) -> str | None:
    a = alerts.c
    if found.member is None and found.line is None:
        return None
    sender = a.member_id == found.member if found.member else a.line_id == found.line
    # Once everybody was told in vain nobody would hear of it any more.
    here = (a.group_id == group, a.state == "open", a.due_at.is_not(None), sender, a.at > now - TOGETHER)
    latest = sa.select(a.id).where(*here).order_by(a.at.desc()).limit(1)
    return (await conn.execute(latest)).scalar()


async def _number(conn: AsyncConnection, now: datetime) -> str:
    """Three digits that no other alert has had lately; where many have, one that is seen to already."""
    a = alerts.c
    taken = set(await conn.scalars(sa.select(a.number).where(a.at > now - LATELY)))
    free = [str(one) for one in NUMBERS if str(one) not in taken] or [str(one) for one in NUMBERS]
    return chance.choice(free)
