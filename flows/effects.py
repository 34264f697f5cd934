"""What a turn asks to be stored or done. Storage carries these out in the turn's own transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from flows.events import Attachment, Event
from flows.state import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """A file that came in is to be fetched from the provider and kept as `media`."""

    media: str
    attachment: Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Agree:
    """They agree to this for a purpose, in the words of this version as they read or heard them."""

    purpose: str
    wording: str
    language: str
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """They agree to it no more."""

    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A stranger agreed: make the member and their reach. `recording` is their name as they said it."""

    name: str
    number: str
    agrees: Agree
    recording: str = ""
    asks_in: bool = False  # a person lets them in


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """A contribution. `answers` by name; repeated parts stand in `lists`. The same id again replaces it."""

    id: str
    flow: str
    text: str
    audience: str
    answers: Mapping[str, Answer] = field(default_factory=dict)
    lists: Mapping[str, tuple[Mapping[str, Answer], ...]] = field(default_factory=dict)
    poll: str = ""
    meeting: str = ""
    unnamed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unname:
    """No name stands beside it any more, and nothing that tells whose it is."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amend:
    """One answer of a kept contribution is now another. Its media stay where the new answer has none;
    `add` keeps what was there and adds to it."""

    id: str
    name: str
    answer: Answer
    add: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrow:
    """Only the facilitators may read it."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAgain:
    """It was hidden, and its giver would like a second person to look at it."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack:
    """Nothing of it stays: of a contribution, or of words that were kept for a person."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One ballot; empty `keys` take it back."""

    poll: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """A brief was read or heard."""

    brief: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The person we rang pressed 1: the outbox row has arrived."""

    outbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thank:
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something that needs a person. With an `id` it can be taken back; `unnamed`: it shows no name."""

    kind: Literal[
        "not understood",
        "passed on",
        "help",
        "ring",
        "call booked",
        "nobody known",
        "own copy",
        "whom to ask",
        "need",
        "wish",
    ]
    words: str = ""
    question: str = ""
    media: tuple[str, ...] = ()
    id: str = ""
    unnamed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The member pauses, stops, resumes or leaves. `until` only for a pause."""

    to: Literal["active", "paused", "stopped", "left", "erased"]
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """They have blocked us on the line that this came by, or do so no more: a wish about no other."""

    now: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What they need to take part, of a known kind or another, and their own words on it."""

    kind: str
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIn:
    """What they say when we ask how it goes; `answer` is the key of a choice."""

    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefer:
    """A wish about how we keep in touch, by its name in `flows.preferences`."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """Whether the member wants what is for this purpose by this channel; "" is every purpose."""

    channel: str
    purpose: str
    wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """From now on a person helps this member. `tells` is for the helper; it is late after `due_at`."""

    id: str
    tells: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """Words or files of the member for whoever helps them; `tells` is what that one reads."""

    tells: str
    words: str = ""
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HelperSays:
    """Words of staff for the member whom they help; `says` is what that one reads."""

    handover: str
    words: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndHandover:
    """Nobody helps any more: `tells` is for the helper, `says` for the member; "" for neither.

    `mistaken`: nobody had asked for help, so it is nothing that needs a person.
    """

    id: str
    tells: str = ""
    says: str = ""
    mistaken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Helped:
    """Somebody has spoken to the helper: the member's wish for help, or a stranger's with this id, is off
    the list."""

    wish: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellHelper:
    """Something that the helper is told by their own line, where they have one."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Practised:
    """What came in was practice: nothing of it stays, here or at the provider."""

    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """The member has heard what others entered for them: the ids of those entries."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """These words may mean that somebody is in danger: a contact is to look. `gift` as in `Keep`, or ""."""

    words: str
    gift: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A contact says that they look at this alert: nobody else is told of it."""

    alert: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PassOn:
    """A contact can't look at this alert: the next one is told now."""

    alert: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """This member is there: what was `held` meanwhile takes its turns as theirs."""

    member: str
    held: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTheirs:
    """The line is this member's no more: they are reached by their next way."""

    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SomebodyElse:
    """Whoever is there now is not the member whom we took them for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingBack:
    """Whoever is there asks this group to ring them, at `at` at the earliest."""

    line: str
    at: datetime
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Whoever is here is this member from now on; `how` says what was done for it."""

    member: str
    how: Literal["linked", "one person", "came back", "two people"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPin:
    """From now on this is the member's PIN; "" for none."""

    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """A supporter hands in what a member said: words and files, or a ballot where `poll` is named.

    A ballot without `keys` came after the poll had closed: the member only hears of it.
    """

    id: str
    supporter: str
    text: str = ""
    media: tuple[str, ...] = ()
    poll: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsIn:
    """What came in is somebody else's than the sender's: the event itself is not to hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSupport:
    """Nobody may enter anything for this member any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUpSupport:
    """From this line nothing is to be entered for anybody any more."""


_OfLines = Here | NotTheirs | SomebodyElse | RingBack | Blocked | Linked | SetPin
_OfSupport = Enter | HandsIn | ReadBack | EndSupport | GiveUpSupport
Effect = (
    _OfLines
    | _OfSupport
    | Fetch
    | Agree
    | Withdraw
    | Join
    | Keep
    | Unname
    | AskAgain
    | Amend
    | Narrow
    | TakeBack
    | Vote
    | Acknowledge
    | Delivered
    | Thank
    | Matter
    | Change
    | Prefer
    | Need
    | CheckedIn
    | Flag
    | Seen
    | PassOn
    | HandOver
    | Handed
    | HelperSays
    | EndHandover
    | Helped
    | TellHelper
    | Practised
    | Choose
)
