"""Everything that is held about one person, whatever id it stands under; for them to have.

`ABOUT` and `LEFT_OUT` together name every column that points to a member: a test walks the tables.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tables as t
from storage.given.reading import list_contributions, moment, plain
from storage.lines.persons import everyone

ABOUT: Mapping[str, tuple[sa.Table, str]] = {  # by the name it has for people
    "consents": (t.consents, "member_id"),
    "standings": (t.standings, "member_id"),
    "needs": (t.needs, "member_id"),
    "preferences": (t.preferences, "member_id"),
    "unwanted": (t.unwanted, "member_id"),
    "reaches": (t.reaches, "member_id"),
    "supporters": (t.supporters, "member_id"),
    "entries": (t.entries, "member_id"),
    "ballots": (t.ballots, "member_id"),
    "voted": (t.voted, "member_id"),
    "open_questions": (t.open_questions, "member_id"),
    "reached": (t.reached, "member_id"),
    "thanks": (t.thanks, "member_id"),
    "backings": (t.backings, "member_id"),
    "payments": (t.payments, "member_id"),
    "checkins": (t.checkins, "member_id"),
    "matters": (t.matters, "member_id"),
    "handovers": (t.handovers, "member_id"),
    "handover_words": (t.handover_words, "member_id"),
    "safe_contacts": (t.safe_contacts, "member_id"),
    "joined_members": (t.joined_members, "kept_id"),
    "conversations": (t.conversations, "member_id"),
    "events": (t.events, "member_id"),
    "outbox": (t.outbox, "member_id"),
    "calls": (t.calls, "member_id"),
}
LEFT_OUT: Mapping[tuple[str, str], str] = {
    ("given", "member_id"): "it only says which contributions are theirs, and those are listed",
    ("session_members", "member_id"): "keys to the pages, that are void after hours",
    ("sign_ins", "member_id"): "hashes of links and codes, that would let somebody in",
    ("link_codes", "member_id"): "hashes of codes, that are void after minutes",
    ("lines", "at_member"): "who was at a line in the last half hour",
    ("joined_members", "other_id"): "the same rows as by who was kept",
    ("alerts", "member_id"): "told by a person: others may hold the phone",
    ("alerts", "seen_by"): "what staff did stands in the audit trail",
    ("alert_steps", "contact_id"): "what staff did stands in the audit trail",
    ("handovers", "helper_id"): "what staff did stands in the audit trail",
    ("handover_words", "who_id"): "what staff did stands in the audit trail",
    ("exports", "by_id"): "what staff did stands in the audit trail",
    ("hidings", "by_id"): "what staff did stands in the audit trail",
    ("hidings", "second_id"): "what staff did stands in the audit trail",
    ("matters", "done_by"): "what staff did stands in the audit trail",
    ("replies", "by_id"): "what staff did stands in the audit trail",
}
OF_A_MEMBER = frozenset({"pin_hash", "id", "group_id", "joined_to"})  # columns that tell them nothing


async def member_data(conn: AsyncConnection, member: str) -> dict[str, Any]:
    """All of it, but what is sealed: addresses are for whoever may open them."""
    m = t.members.c
    group = await conn.scalar(sa.select(m.group_id).where(m.id == member)) or ""
    # Theirs to have whether or not it has a name, so by what was given and not by what lists show.
    gave = await list_contributions(conn, group, giver=member)
    held = {name: await _rows(conn, table, column, member) for name, (table, column) in ABOUT.items()}
    return {
        "contributions": [plain(one, marked=True) | {"member": member} for one in gave],
        "replies": await _answered(conn, member),
        **held,
        "audit": await _rows(conn, t.audit, "subject", member),
    }


async def row_of(conn: AsyncConnection, member: str) -> dict[str, Any]:
    """What stands about them in the list of members."""
    found = await conn.execute(sa.select(*_open(t.members)).where(t.members.c.id == member))
    row = found.mappings().one()
    return {name: _plain(value) for name, value in row.items() if name not in OF_A_MEMBER}


async def _rows(conn: AsyncConnection, table: sa.Table, column: str, member: str) -> list[dict[str, Any]]:
    wanted = [one for one in _open(table) if one.name != column]
    rows = await conn.execute(sa.select(*wanted).where(table.c[column].in_(everyone(member))))
    return [{name: _plain(value) for name, value in row.items()} for row in rows.mappings()]


async def _answered(conn: AsyncConnection, member: str) -> list[dict[str, Any]]:
    """What was answered to what they gave."""
    r, g = t.replies.c, t.given.c
    found = sa.select(r.contribution_id, r.body, r.at).join(t.given, g.contribution_id == r.contribution_id)
    rows = await conn.execute(found.where(g.member_id.in_(everyone(member))).order_by(r.at))
    return [{name: _plain(value) for name, value in row.items()} for row in rows.mappings()]


def _open(table: sa.Table) -> Sequence[sa.Column[Any]]:
    """The columns that are not sealed or hashed."""
    return [column for column in table.c if not isinstance(column.type, sa.LargeBinary)]


def _plain(value: Any) -> Any:
    return moment(value) if isinstance(value, datetime) else value
