"""What is found out about a code, or a member number with its PIN, that opens another line to a member."""

from dataclasses import dataclass
from typing import Literal

from flows.state import Conversation, Group, Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who it opens to, and where they are: the turn goes on as theirs."""

    member: Member
    group: Group
    conversation: Conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What became of it. `wrong` is also what is too old, or was used: nobody learns which.

    `own`: whoever sent it is that member. `closed`: too many were wrong lately, or today. `withheld`: the
    call shows no number that could be theirs. `link` opens a further line, `back` the one line that takes
    the place of those before. `same`: another member of the group writes from here, so they are asked
    first. `code` stands for it until it is used.
    """

    result: Literal["right", "wrong", "own", "closed", "closed today", "withheld"] = "wrong"
    kind: Literal["link", "back"] = "link"
    same: bool = False
    code: str = ""
    person: Person | None = None
