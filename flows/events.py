"""The vocabulary that passes between the rooms: what comes in, and what is said back.

Frozen values only. Times are aware UTC datetimes, ids are strings.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal[
    "words",  # typed words, or speech that the provider recognised (`spoken`)
    "press",  # a button or telephone keys: `value`, for `question` where it is known
    "media",  # photos, recordings, files: `attachments`, with `text` as their caption
    "place",  # a position: `value` is "latitude,longitude"
    "edit",  # the words of the earlier message `of` are now `text`
    "call",  # somebody rang us, or answered when we rang (`question` says for what)
    "silence",  # a prompt on a call got no key and no word
    "hangup",  # the call ended
    "optout",  # the carrier or the app says it for them: `value` is stop, start, help, blocked or unblocked
    "unknown",  # something that we cannot use: a sticker, a contact, a game
]

Sense = Literal["text", "voice", "photo", "place", "press"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a channel can carry; the engine bridges what it cannot."""

    takes: frozenset[Sense]
    buttons: bool = False
    call: bool = False  # a live call: menus are spoken, keys and recordings answer
    photos_out: bool = False
    audio_out: bool = False
    parts: int = 0  # the most SMS parts that one answer may have; 0 where parts don't count


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that waits at the provider. `ref` is a Telegram file id or an address."""

    kind: Literal["photo", "voice", "file"]
    ref: str
    type: str = ""  # the media type that the provider claims; never trusted
    bytes: int = 0  # the size that the provider claims, 0 where it does not say
    seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that came in.

    `id` is the provider's and unique within (channel, sender); `line` is an address: a chat id, a
    phone number as +44..., or "" where the caller withheld it (then `session` holds them apart).
    """

    channel: str
    id: str
    line: str
    at: datetime
    kind: Kind
    can: Abilities
    text: str = ""
    value: str = ""
    question: str = ""
    attachments: tuple[Attachment, ...] = ()
    album: str = ""
    of: str = ""
    session: str = ""  # the call's id; one call is one session
    room: str = ""  # the group chat where a button was pressed, else ""
    spoken: bool = False
    language: str = ""  # what the provider says of the person's language
    quoted: str = ""  # the first word of the message of ours that this one is written below
    to: str = ""  # which of our own ends it reached, where the provider's ids are its own: the bot


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice. `key` is stored, `label` is shown, `spoken` said; `words` also mean it."""

    key: str
    label: str
    spoken: str = ""
    words: tuple[str, ...] = ()


_OPEN = frozenset({"text", "voice", "photo"})
Ask = Literal["text", "choice", "several", "scale", "number", "yes-no", "photo", "voice", "place", "date"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as it was put to somebody; its options keep the order in which they were shown.

    A scale and a yes-no carry their options too, so that everything that can be pressed is one.
    """

    id: str
    name: str  # what its answer is called: in its flow, or "ballot"
    text: str
    takes: tuple[Ask, ...]
    options: tuple[Option, ...] = ()
    spoken: str = ""
    quiet: tuple[Option, ...] = ()  # keys that work without being listed
    most: int = 0  # several: at most so many, 0 for any number
    optional: bool = False
    unlike: tuple[str, ...] = ()  # words that are no answer, although any words would do
    low: int = 0  # number: the bounds, both 0 for none
    high: int = 0
    poll: str = ""
    gift: str = ""  # the contribution that the answer belongs to
    frame: str = ""  # which run of which flow asked it
    loose: bool = False  # nobody is held to it, and nothing waits for its answer
    review: bool = False  # on a call, what is recorded is played back and confirmed
    language: str = ""  # the one that it is put in, where that is not the person's own

    @property
    def closed(self) -> bool:
        """Whether only some replies can fit; open questions take any words."""
        return _OPEN.isdisjoint(self.takes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A file to pass on: its id, what it is, and words for who can't see it.

    `sha256` is the stored file's content hash, "" while it is still to be fetched.
    """

    kind: Literal["photo", "voice", "file"]
    media: str
    type: str
    sha256: str = ""
    name: str = ""
    words: str = ""
    text: str = ""  # the file itself, where it is made for one message and kept nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One thing to say, for any channel. `spoken` is its form on a call ("" means `text`).

    `merge`: a waiting message with the same key is replaced by this one. `offset`: the first
    option to read out on a call. `toast`: a few words for the button that was pressed.
    `record`: the call is to record what comes after this. `ends`: the call ends after it.
    `slower`, `lower` and `waits` are for a call. `about`: the contribution of somebody else that it tells.
    """

    text: str
    spoken: str = ""
    question: Question | None = None
    shown: tuple[Shown, ...] = ()
    merge: str = ""
    offset: int = 0
    toast: str = ""
    record: bool = False
    ends: bool = False
    dial: str = ""  # put the call through to this number
    slower: bool = False
    lower: bool = False  # a lower voice says it
    waits: bool = False  # longer for an answer
    language: str = "en"
    about: str = ""
