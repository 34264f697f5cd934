"""The seam behind which every way in and out lives: verify, decode, encode; send and fetch.

The first three are pure. `send` and `fetch` are thin: one call of the provider's own SDK.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from flows.events import Abilities, Event, Say, Shown


class Refused(Exception):
    """The signature or secret is missing or wrong: answer 403, store nothing."""


class Unreadable(Exception):
    """The body is not what the provider sends: answer 400. The message carries no words of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One HTTP request from a provider. `url` is the public one, with its query."""

    url: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a provider takes, ready to hand over: `params` of its `method`, all JSON.

    `files` go along as uploads, in the order of the parameters that name them.
    """

    channel: str
    line: str
    method: str
    params: Mapping[str, Any]
    files: tuple[Shown, ...] = ()


Outcome = Literal["sent", "throttled", "retry", "unreachable", "stopped", "refused", "unclear", "ours"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one parcel.

    `sentence` is for the operator and names no member. `wait` is seconds, where the provider said
    them. `moved_to` is the new address where the provider moved the line. `no_texts`: see `Fault`.
    """

    outcome: Outcome
    sentence: str = ""
    code: str = ""
    id: str = ""  # the provider's id of the message or call
    wait: float = 0.0
    moved_to: str = ""
    no_texts: bool = False


SENT = Result(outcome="sent")


class Trouble(Exception):
    """A call that is not a message failed: `result` says what it means and what to tell the operator."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.sentence)
        self.result = result


class FetchLater(Exception):
    """The file is not there yet or the provider is away: try again."""


class FetchRefused(Exception):
    """The file will never come: too large, gone, or not from the provider's own host."""


Load = Callable[[str], Awaitable[bytes]]  # a stored file's bytes by its sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a status callback says became of a message: receipts only go forward.

    `unreachable`: nothing comes through to that line. `later`: a fault that may pass. `ours`: a fault
    in our own account. `no_texts`: see `Fault`.
    """

    outbox: str
    provider_id: str
    state: Literal[
        "sent", "delivered", "failed", "unreachable", "stopped", "no_answer", "busy", "later", "ours"
    ]
    code: str = ""
    sentence: str = ""
    at: datetime | None = None
    no_texts: bool = False


class Channel(Protocol):
    """One way in and out. `name` is what `channel` says in events, outbox rows and lists."""

    name: str
    can: Abilities

    def verify(self, request: Inbound) -> None:
        """Raise Refused unless the provider signed this request."""

    def decode(self, request: Inbound, now: datetime) -> tuple[Event, ...]:
        """The events in a verified request; raise Unreadable where it is none of the provider's."""

    def encode(self, say: Say, line: str) -> tuple[Parcel, ...]:
        """What to hand to the provider for one thing to say, in order; pure."""

    def fit(self, say: Say) -> tuple[Say, str]:
        """The part of `say` that goes out now, and the words left for MORE ("" for none)."""

    async def send(self, parcel: Parcel, *, outbox: str, load: Load) -> Result:
        """Hand one parcel over. Never raises: everything that can happen is a Result."""

    async def fetch(self, ref: str, *, most: int) -> bytes:
        """A file's bytes, at most `most` of them; raise FetchLater or FetchRefused."""


@runtime_checkable
class Lists(Protocol):
    """A channel whose provider can be asked what it was given."""

    async def find(self, parcel: Parcel, *, since: datetime, known: Collection[str]) -> Result | None:
        """This parcel in the provider's own list; None if it isn't there.

        Not earlier than `since`, and not one of the `known` ids, which belong to other messages. The
        result says what became of it; one without an id means that the provider could not be asked.
        """


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of a channel's error catalogue. `no_texts`: the line can't take any, whatever else it can."""

    outcome: Outcome
    sentence: str
    no_texts: bool = False
