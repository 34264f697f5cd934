"""What a turn knows: the member, the group, and where the member is in a flow.

`Member` and `Group` are views made by storage for one turn; `Conversation` is what a turn hands on to the
next and is stored whole. All frozen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from flows.events import Event, Question, Shown
from flows.polls import Poll
from flows.rules import Rules
from flows.safety import Watch
from flows.values import replace
from flows.wording import Text

DEFAULTS = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody answered: `text` for people, the rest for programs. Media are ids."""

    text: str = ""
    keys: tuple[str, ...] = ()
    number: float | None = None
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One run of one flow. `at` is the step to do next in the flow's compiled `version`."""

    id: str
    flow: str
    version: str
    at: int = 0
    answers: Mapping[str, Answer] = field(default_factory=dict)
    lists: Mapping[str, tuple[Mapping[str, Answer], ...]] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)  # how far each `over` list is
    trail: tuple[int, ...] = ()  # the asks behind us, for BACK
    asked: Question | None = None
    gift: str = ""  # the id that a kept contribution will have
    poll: str = ""
    single: bool = False  # about this poll only, not the others that are open
    kept: bool = False
    unnamed: bool = False  # what is given in it carries no name
    had: Mapping[str, Answer] = field(default_factory=dict)  # answers stepped back over: kept until replaced
    seen: str = ""  # the id of what was last shown: a brief, somebody's contribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A recording just made on a call that is not an answer yet."""

    media: tuple[str, ...]
    stage: Literal["finished", "choose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Something that UNDO can take back."""

    kind: Literal["gift", "ballot"]
    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """A single-use code that was good: the invitation's id, and the name that it was given for."""

    id: str = ""
    name: str = ""


NOT_INVITED = Invited()


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """What came of a code at the door. `too_many` of this line's, or of all, were wrong lately."""

    opens: bool = False
    invited: Invited = NOT_INVITED
    too_many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Which message answered which question, so that an edited message can correct it."""

    event: str
    question: str  # the id of one that the conversation remembers


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Where one member is, on whatever channel; a stranger's belongs to their line or call.

    `asked` is the current question when no flow runs (a poll that was sent). `before` are questions
    behind it, newest first, with no more of them than a late answer needs. `rest` waits for MORE.
    """

    frames: tuple[Frame, ...] = ()  # the last is running; the others wait
    asked: Question | None = None
    before: tuple[Question, ...] = ()
    heard: tuple[Heard, ...] = ()
    done: tuple[Done, ...] = ()
    tries: int = 0  # replies to the current question that were not understood
    missed: tuple[str, ...] = ()  # their words, for the person who will read them
    near: str = ""  # the one option that we asked whether it was meant
    silences: int = 0
    away: bool = False  # the running flow was left with LATER, or by hanging up
    review: Review | None = None
    rest: str = ""
    album: str = ""
    album_gift: str = ""
    album_answer: str = ""
    notice: str = ""  # the outbox row that this call is for
    pending: tuple[str, str] = ("", "")  # a stranger's ballot: poll and option, until they join
    invited: Invited = NOT_INVITED  # what a stranger came with, until they join
    held: tuple[Event, ...] = ()  # what came before they agreed to it: used once they do, or never
    slower: bool = False
    helped: bool = False  # the last word was HELP where words were asked for: it may have been an answer
    channel: str = ""
    promised: str = ""  # the call on which it was said by when somebody listens
    group: str = ""  # a stranger's group, once known
    at: datetime | None = None

    @property
    def frame(self) -> Frame | None:
        return self.frames[-1] if self.frames and not self.away else None

    @property
    def busy(self) -> bool:
        """Whether they are in the middle of an answer, so that nothing of ours may come between."""
        frame = self.frame
        return frame is not None and not (frame.asked and frame.asked.loose)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that a call of ours is for: `kind` is brief, poll, result or say."""

    id: str
    kind: str
    subject: str
    text: str
    greet: bool = True  # the first name may be said before anybody has pressed a key
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The reach by which something came: what may be said and written there, and who else is there.

    `heard_at`: when it last brought something before this.
    """

    id: str = ""
    shared: bool = False  # several members use the line
    proved: bool = False
    greet: bool = False
    leave_message: bool = False
    write_anything: bool = False
    failing: bool = False
    heard_at: datetime | None = None
    known: bool = True  # it is sure enough who is there: what they gave may be said to them
    doubted: bool = False  # long unheard, or failing: somebody else may have it now
    closed: bool = False  # the carrier let nothing of ours through until now


NO_WAY = Way()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    id: str
    name: str
    number: str = ""
    permission: str = "member"
    state: str = "active"  # active, paused, stopped
    language: str = "en"
    form: str = "plain"
    slower: bool = False
    never_named: bool = False  # whatever they give carries no name
    lower: bool = False  # a lower voice on the phone
    more_time: bool = False
    paused_until: datetime | None = None
    votes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by poll
    acknowledged: frozenset[str] = frozenset()  # briefs
    unread: tuple[str, ...] = ()  # briefs that have gone to them and are not acknowledged, the latest first
    notice: Notice | None = None  # loaded for the answer to a call of ours
    way: Way = NO_WAY
    agreed: Mapping[str, str] = field(default_factory=dict)  # the version of the wording, by purpose
    handover: str = ""  # the id of the open one, while a person helps them by text
    read_back: bool = False  # something was entered for them that they have not heard yet


CHANNELS = ("telegram", "sms", "voice")
PURPOSES = ("brief", "poll", "result", "checkin")  # what a member may want by one way and not by another


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """The channels that a member has, and what they do not want: pairs of a channel and a purpose.

    A pair with no purpose stands for everything that we start by this channel.
    """

    has: frozenset[str]
    unwanted: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A member whom somebody of the staff helps by text, as that one's turn sees it."""

    id: str
    name: str
    open: bool
    number: str = ""  # the member number, where the name is not written yet
    mark: int = 0  # the number that helpers begin with


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """A member for whom things may be entered from this line; `id` is that of the supporter's row."""

    id: str
    name: str
    votes: bool = False  # their votes too
    permission: str = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What somebody entered for a member: a contribution (`gift`) with its words, or a ballot in `poll`.

    `late`: it came after the poll had closed, so it was not counted. `question` is that of the poll.
    """

    id: str
    by: str
    gift: str = ""
    flow: str = ""
    words: str = ""
    poll: str = ""
    question: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerted:
    """An alert that this person may see to. `seen_by`: who has done so already."""

    id: str
    number: str
    seen_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One of those who use a line, while it is not known who of them is there. `group` is its id.

    `greet`: their name may be said or written there to whoever reads it.
    """

    id: str
    name: str
    number: str = ""
    group: str = ""
    code: str = ""  # the group's code and its number, by which it can be named
    keyed: str = ""
    greet: bool = False

    @property
    def first_name(self) -> str:
        return self.name.partition(" ")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """`parts` are pieces short enough to hear one at a time, by "language" and "language.easy"."""

    id: str
    title: str
    meeting: str
    when: str  # in words, in the group's zone
    parts: Mapping[str, tuple[str, ...]]
    files: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A contribution whose giver chose the group."""

    id: str
    name: str  # as shown; "Somebody" where it was given without a name
    text: str
    shown: tuple[Shown, ...] = ()
    mine: tuple[str, ...] = ()  # ids of the members who gave it: never played back to them


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What a group asks its people to agree to in words of its own; `more` is for who asks for more."""

    version: str
    text: Text
    more: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that a member gave and can take back, as they see it. `day` is in words.

    `words` of a ballot are the vote's question. `hidden` is the reason, `asked` whether a second person
    is to look at it, and `looked` whether one has, and left it hidden.
    """

    kind: Literal["gift", "words", "ballot"]
    id: str
    flow: str
    day: str
    words: str = ""
    audience: str = ""
    unnamed: bool = False
    hidden: str = ""
    asked: bool = False
    looked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    id: str
    code: str
    number: str
    name: str
    outside_name: str = "Takepart"
    zone: str = "Europe/London"
    hours: str = "9-20"
    language: str = "en"
    helper: str = ""
    helper_phone: str = ""
    helper_id: str = ""  # the named one's, where they can be written to: only then there are hand-overs
    phone: str = ""  # the number to ring us on
    chat: str = ""  # the bot's name on Telegram
    rules: Rules = DEFAULTS
    watch: Watch | None = None  # looks for its own safe words, where they are not the shipped ones
    readers: tuple[str, ...] = ()  # the facilitators' names
    standings: tuple[tuple[str, ...], ...] = ()  # what each of them says of themselves, in the same order
    safe_contact: str = ""  # who is told when somebody is in danger
    wordings: Mapping[str, Agreement] = field(default_factory=dict)  # its own, by purpose
    members: int = 0
    polls: tuple[Poll, ...] = ()
    briefs: tuple[Brief, ...] = ()  # for the meetings ahead, the next one first
    shared: tuple[Shared, ...] = ()
    spare_number: str = ""  # a member number nobody has, for somebody who joins
    alone: bool = True  # the only group on this number
    replies_to_optout: bool = False  # stop words get our own confirmation

    def in_words(self, language: str, form: str) -> "Group":
        """The group with its polls in the words that are nearest to what somebody needs."""
        if not any(poll.versions for poll in self.polls):
            return self
        return replace(self, polls=tuple(poll.in_words(language, form) for poll in self.polls))

    def poll(self, id_: str) -> Poll | None:
        """The poll with this id, as long as it is known."""
        for one in self.polls:
            if one.id == id_:
                return one
        return None
