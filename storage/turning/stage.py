"""One turn while it is being stored: who it is, where, and the ledger that its effects go into."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flows.events import Event
from flows.sentences import Sentences
from flows.state import Conversation, Group
from storage.secrets import Secrets
from storage.turning.load import Known, Line, Person
from storage.turning.turns import Arrived, Ledger
from storage.turning.views import Views


@dataclass(slots=True, kw_only=True)
class Stage:
    """One turn while it is being stored. `person` and `owner` change when somebody joins or goes."""

    ledger: Ledger
    known: Known
    groups: dict[str, Group]
    views: Views
    secrets: Secrets
    words: Sentences
    ids: Callable[[], str]
    now: datetime
    arrived: Arrived
    line: Line | None
    owner: str
    person: Person | None
    group: Group | None
    conversation: Conversation
    channels: Sequence[str] = ()  # those that are on
    held: tuple[Event, ...] = ()  # what waited until it was known who is there
    came: bool = False  # it has become known in this turn who is there
    left: bool = False  # whoever is there is not the member whom we took them for
    gifts: set[str] = field(default_factory=set)  # what this turn kept or corrected
    poll: str = ""  # what it voted in
    secret: bool = False  # nothing that tells the choice, or whose words these are, may stay

    @property
    def channel(self) -> str:
        return self.arrived.event.channel

    @property
    def practised(self) -> bool:
        """Whether this comes from a practice phone: nobody's real place opens there, and none elsewhere."""
        return self.line is not None and self.line.kind == "practice"

    @property
    def me(self) -> str | None:
        return self.person.member.id if self.person else None
