"""Rings back whoever asks for it: on a phone of their own, in their hours, and not too often in a day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import phonenumbers
import sqlalchemy as sa
from phonenumbers import NumberParseException, PhoneNumberType
from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.calendar import day_name
from flows.events import Say
from flows.state import Group
from storage.sending import outbox as box
from storage.sending.checks import RING_BACK, USUAL_HOURS, next_moment
from storage.tables import groups, lines, members, outbox, reaches
from storage.turning.stage import Stage

WORDS = "You asked us to ring you."
LAST = timedelta(days=1)  # a limit looks back so far
AT_ONCE = timedelta(minutes=5)  # sooner than this is "in a moment"
HANGS_UP = timedelta(seconds=20)  # until a phone that has just rung us is free again
LASTS = timedelta(hours=6)  # after that nobody expects the call any more
DEAR = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PERSONAL_NUMBER})
VOICE, NOTICE = "voice", "notice"
STATES = ("waiting", "sending", "sent", "delivered", "failed", "dead", "dropped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """When we ring, in words too; `at` is None where we don't, and `why` says why not.

    `group` rings whoever is there, where that is not known.
    """

    at: datetime | None = None
    line: str = ""
    group: str = ""
    when: str = ""
    soon: bool = False
    why: str = ""


async def look(conn: AsyncConnection, s: Stage, _: str) -> Answer:
    """Whether, where and when the member whose turn this is may be rung back."""
    if s.group is None or s.me is None or s.person is None:
        return Answer(why="off")
    rules, state = s.group.rules, s.person.member.state
    if not rules.ring_back:
        return Answer(why="off")
    if state == "stopped":
        return Answer(why="stopped")
    found = await _phone(conn, s)
    if found is None:
        return Answer(why="nowhere")
    if found.never_ring:
        return Answer(why="unwanted")
    return await _when(conn, s, s.group, found, hours=found.hours or found.usual, days=found.days)


async def look_there(conn: AsyncConnection, s: Stage, _: str) -> Answer:
    """Whether whoever rang may be rung back where several use the line: who it was is asked then.

    One of them has to be in a group that rings back after one ring, and must not mind calls. Whose hours
    hold is not known either, so it is the group's.
    """
    there = s.known.at(s.line.id) if s.line else []
    rings = {id_ for id_, group in s.groups.items() if group.rules.ring_back and group.rules.ring_back_missed}
    wanting = [one.member.id for one in there if one.group in rings and one.member.state != "stopped"]
    r = reaches.c
    mine = (r.member_id.in_(wanting), r.line_id == (s.line.id if s.line else ""), ~members.c.never_ring)
    found = (await conn.execute(_ways().where(*mine).order_by(r.id))).first()
    if found is None:
        return Answer(why="off")
    return await _when(conn, s, s.groups[found.group_id], found, hours=found.usual, days="")


async def _when(
    conn: AsyncConnection, s: Stage, group: Group, found: Any, *, hours: str, days: str
) -> Answer:
    """When this phone is rung, unless it is abroad or was rung often enough today."""
    if found.kind != box.PRACTICE and not _near(s.secrets.open(found.address), group.phone):
        return Answer(why="abroad")
    each, whole = await _lately(conn, s, found.line_id, group.id)
    if each >= group.rules.ring_backs_a_day or whole >= group.rules.ring_backs_a_day_for_all:
        return Answer(why="enough")
    at = next_moment(s.now + HANGS_UP, hours or USUAL_HOURS, days, group.zone)
    when, soon = day_name(at, group.zone, s.now), at - s.now < AT_ONCE
    return Answer(at=at, line=found.line_id, group=group.id, when=when, soon=soon)


async def _phone(conn: AsyncConnection, s: Stage) -> Any:
    """The phone to ring: the one that they write from, else the one that they like best."""
    r, here = reaches.c, s.line.id if s.line else ""
    mine = _ways().where(r.member_id == s.me, r.channel == VOICE)
    found = await conn.execute(mine.order_by(sa.case((r.line_id == here, 0), else_=1), r.rank, r.id))
    return found.first()


def _ways() -> sa.Select[Any]:
    """The phones by which members can be rung, with what they wish of calls."""
    r, n, m, g = reaches.c, lines.c, members.c, groups.c
    return (
        sa.select(r.line_id, n.kind, n.address, m.never_ring, m.hours, m.days)
        .add_columns(m.group_id, g.hours.label("usual"))
        .join(lines, n.id == r.line_id)
        .join(members, m.id == r.member_id)
        .join(groups, g.id == m.group_id)
        .where(r.retired_at.is_(None))
    )


def _near(number: str, ours: str) -> bool:
    """Whether this is an ordinary number of our own country: others cost more than anybody expects."""
    try:
        theirs, own = phonenumbers.parse(number), phonenumbers.parse(ours, "GB")
    except NumberParseException:
        return False
    return theirs.country_code == own.country_code and phonenumbers.number_type(theirs) not in DEAR


async def _lately(conn: AsyncConnection, s: Stage, line: str, group: str) -> tuple[int, int]:
    """How often we were asked to ring this line in the last day, and all of the group."""
    o = outbox.c
    one = sa.func.coalesce(sa.func.sum(sa.case((o.line_id == line, 1), else_=0)), 0)
    calls = (o.state.in_(STATES), o.lane.in_((VOICE, box.PRACTICE)), o["class"] == NOTICE)  # by its index
    lately = (*calls, o.not_before > s.now - LAST, o.kind == RING_BACK, o.group_id == group)
    each, whole = (await conn.execute(sa.select(one, sa.func.count()).where(*lately))).one()
    return int(each), int(whole)


def _ring_back(s: Stage, effect: ef.RingBack) -> None:
    me, group = s.me, s.groups[effect.group]

    async def write(conn: AsyncConnection) -> None:
        row = box.Row(
            id=s.ids(),
            line=effect.line,
            channel=VOICE,
            klass="notice",
            # Asked for twice before it rings, it rings once.
            dedupe_key=f"{RING_BACK}:{me or effect.line}:{effect.at:%Y-%m-%dT%H:%M}",
            say=Say(text=WORDS),
            member=me,
            group=group.id,
            kind=RING_BACK,
            not_before=effect.at,
            expires_at=effect.at + LASTS,
        )
        await box.add(conn, [row], now=s.now)

    s.ledger.deeds.append(write)


LOOKS = {"ring back": look, "ring back there": look_there}
DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {ef.RingBack: _ring_back}
