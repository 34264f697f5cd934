"""Who is one person: a member, and those found to be the same (`members.joined_to`). For whatever reads."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from storage.tables import members

GONE = ("left", "erased")
NO_MEMBER = ("joined", "waiting", *GONE)  # states of those who are not counted or written to by themselves


def everyone(member: Any) -> sa.Select[str]:
    """The ids under which a person gave things; `member` is an id, or a column that holds one."""
    one = members.alias()
    found = sa.select(one.c.id).where(sa.or_(one.c.id == member, one.c.joined_to == member))
    # However deep it stands in another query, the column is that one's.
    return found.correlate(member.table) if isinstance(member, sa.Column) else found


def any_of(people: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether the member in this row is one of these people, under whatever id."""
    m = members.c
    return sa.or_(m.id.in_(people), m.joined_to.in_(people))


def person(of: Any = members) -> sa.ColumnElement[str]:
    """Who the member in this row of `members` is, as a person."""
    return sa.func.coalesce(of.c.joined_to, of.c.id)
