"""What is checked when a message is about to go: stops, pauses, hours, being mid-answer, age.

Pure, and the only place where it is decided. An answer is checked for age and a stopped number alone.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from flows.calendar import Hours, WhenError, next_open
from flows.preferences import days_of
from flows.state import Conversation

# While the first of its class waits no longer than this, those behind it keep their place.
PATIENCE = timedelta(seconds=10)
# The end of a flow releases what was held; this is for ends that nobody noticed.
LOOK_AGAIN = timedelta(seconds=30)
RINGING = timedelta(minutes=2)  # how long a call that we placed keeps the next one from being placed
BETWEEN_CALLS = timedelta(hours=2)  # for what is due at once: nobody is rung several times in a row
CALLBACK = timedelta(seconds=60)  # how long the provider's own word settles what is unclear
AT_ONCE = timedelta(seconds=2)
USUAL_HOURS = "9-20"
ASKED_FOR = timedelta(days=14)  # so long we wait to be told that a line is still somebody's
RING_BACK = "ring back"  # the kind of call that somebody asked for
STILL = "still"  # the kind of message that asks it

DOUBTED = "It waits until they tell us that this line is still theirs."
UNTOLD = "Nobody told us that this line is still theirs."
TOO_LATE = "It was out of date before it could be sent."
STOPPED = "They asked us to stop."
SHUT = "They have stopped or blocked us on this line: nothing of ours goes there."
CLOSED = "The vote has closed."
LEFT = "They are not a member any more."
NO_WAY = "We may not write or ring first by this way."
OVER_LIMIT = "The group's daily limit is reached: it waits for the next day."
OVER_WEEK = "They have had as many messages this week as they wish for: it waits, and comes with the others."
SHORT = timedelta(days=1)  # what is out of date sooner goes whatever the week says
# What counts, and waits, by the week. A result belongs to its vote, which has counted already.
WEEKLY = frozenset({"brief", "poll", "checkin", "together"})
SPENDING = "spending"  # the kind of message that tells facilitators of the limit, which does not hold it
ALERT = "alert"  # somebody may be in danger: held back by nothing but its contact's own hours and pause
HELPING = "helping"  # what a helper gets of a member who waits: what they do themselves holds nothing
UNLIMITED = (SPENDING, ALERT)
# Seconds before each further try; a fault that lasts longer than these is for the operator to see.
BACKOFF = (1, 3, 10, 60, 900, 7200, 57600)  # eight tries over most of a day
UNCLEAR_TWICE = "It was tried twice and is unclear both times; it may have arrived."
BLOCKED = frozenset({"telegram"})  # apps in which people block us: that ends one way, and is no stop word
LISTED = frozenset({"sms", "voice"})  # channels whose provider can be asked what it was given
# What may have gone: not asked about yet; asked once, and not in the list; sent again, and unclear again.
UNCLEAR = ("unclear", "asked", "unclear again")
DIED = "The service ended while this was being sent; it may have gone."
DIED_OFTEN = "The service ended each time while this was being sent; it may have arrived."
DEATHS = 8  # as many as there are tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A row of the outbox, without its words."""

    id: str
    line: str
    channel: str
    klass: str
    kind: str
    state: str
    not_before: datetime
    created_at: datetime
    member: str | None = None
    subject: str | None = None
    group: str | None = None
    expires_at: datetime | None = None
    outcome: str | None = None
    sent_at: datetime | None = None
    progress: int = 0
    tries: int = 0
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a message's line, member and subject. `state` is "" where nobody is known.

    `stopped`: the carrier or the app refuses us. `busy_until`: they are mid-answer. `helped`: a person
    helps them by text. `ringing_until`: they are on a call, or being rung. `rung_at`: when we last rang
    them. `closed`: the poll takes no more votes. `unwanted`: they chose not to get such things by this
    way. `settled`: what they have done already, so that the message is not needed. `spent_until`: their
    group has spent what it may until then. `paused_at`: since when the lane pauses for a fault of ours.
    `week_left`: how many more messages they want this week, None for any number; `week_until`: when they
    want the next where none is left. `doubted`: the line may be somebody else's by now. `shared`: others use
    it too; `busy_until` is also of those.
    """

    stopped: bool = False
    paused_at: datetime | None = None
    carrier_stops: bool = True  # the carrier itself refuses texts to whoever sent STOP
    state: str = ""
    paused_until: datetime | None = None
    never_first: bool = False
    never_ring: bool = False
    may_start: bool = True
    unwanted: bool = False
    any_hour: bool = False  # of an alert: whom it is for agreed to be told at any hour
    hours: str = USUAL_HOURS
    days: str = ""
    helper_hours: str = ""  # when the group says that its helper is there
    zone: str = "Europe/London"
    busy_until: datetime | None = None
    helped: bool = False
    ringing_until: datetime | None = None
    rung_at: datetime | None = None
    spent_until: datetime | None = None
    week_left: int | None = None
    week_until: datetime | None = None
    closed: bool = False
    settled: str = ""
    doubted: bool = False
    first_name: str = ""
    shared: bool = False
    conversation: Conversation | None = None
    language: str = "en"
    form: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to happen with a message now. `held`: until they have finished what they are doing."""

    does: Literal["send", "hold", "drop", "dead"]
    until: datetime | None = None
    why: str = ""
    held: bool = False
    asks: bool = False  # whether the line is still theirs is to be asked meanwhile
    reached: str = "failed"  # what `reached` says of one that is dropped


SEND = Verdict(does="send")


def may_send(row: Waiting, facts: Facts, now: datetime) -> Verdict:
    """Whether a message may go now, must wait, or must not go at all."""
    late = row.expires_at is not None and row.expires_at <= now
    if row.klass == "answer":
        if late and not _kept_by_us(row, facts):
            return Verdict(does="dead", why=TOO_LATE)
        if row.channel == "sms" and facts.stopped and facts.carrier_stops:
            return Verdict(does="drop", why=STOPPED)
        return SEND
    if late:
        return Verdict(does="drop", why=TOO_LATE)
    if row.kind == ALERT and facts.any_hour:
        return _never(row, _awake(facts)) or _ringing(row, facts, now) or SEND
    if row.kind == RING_BACK:
        facts = replace(_awake(facts), never_first=False, may_start=True)
    if row.kind == HELPING:
        facts = _at_help(facts)
    return _never(row, facts) or _later(row, facts, now) or SEND


def _awake(facts: Facts) -> Facts:
    """The same for somebody who agreed to be told at any hour, or asked for it: their pause is over."""
    return replace(facts, state="active") if facts.state == "paused" else facts


def _at_help(facts: Facts) -> Facts:
    """The same for a helper: in the hours when they help, and whatever they are in the middle of."""
    busy = facts.busy_until if facts.shared else None
    return replace(facts, hours=facts.helper_hours or facts.hours, busy_until=busy)


def _kept_by_us(row: Waiting, facts: Facts) -> bool:
    """Whether an answer was still in time when its lane paused: a fault of ours lets none die."""
    paused_at, until = facts.paused_at, row.expires_at
    return bool(paused_at and until and max(paused_at, row.created_at) < until)


def _never(row: Waiting, facts: Facts) -> Verdict | None:
    if facts.stopped or facts.state == "stopped":
        why = STOPPED if facts.state == "stopped" else SHUT
        return Verdict(does="drop", why=why, reached="not reachable")
    if facts.state in ("left", "erased"):
        return Verdict(does="drop", why=LEFT, reached="not reachable")
    unwanted = facts.never_first or (row.channel == "voice" and facts.never_ring)
    if unwanted or facts.unwanted or not facts.may_start:
        return Verdict(does="drop", why=NO_WAY, reached="not reachable")
    if facts.closed:
        return Verdict(does="drop", why=CLOSED)
    if facts.settled:
        return Verdict(does="drop", why=facts.settled, reached="acknowledged")
    if facts.state == "paused" and facts.paused_until is None:
        return Verdict(does="drop", why="They paused.", reached="not reachable")
    return None


def _later(row: Waiting, facts: Facts, now: datetime) -> Verdict | None:
    """Hold a notice until all that speaks against it is over; one that would be late then is dropped."""
    start = now
    if facts.state == "paused" and facts.paused_until:
        start = max(start, facts.paused_until)
    full = facts.spent_until if row.kind not in UNLIMITED else None
    start = max(start, full or start)
    start = next_moment(start, facts.hours, facts.days, facts.zone)
    if row.expires_at and row.expires_at <= start:
        return Verdict(does="drop", why=TOO_LATE)
    if start > now:
        return Verdict(does="hold", until=start, why=OVER_LIMIT if full else "")
    week = _next_week(row, facts)
    if week and week > now:
        return Verdict(does="hold", until=week, why=OVER_WEEK)
    if row.kind == ALERT:
        return _ringing(row, facts, now)
    if facts.helped:
        return Verdict(does="hold", until=now + LOOK_AGAIN, held=True)
    doubt = _doubt(row, facts, now)
    if doubt:
        return doubt
    if facts.busy_until and facts.busy_until > now:
        return Verdict(does="hold", until=min(facts.busy_until, now + LOOK_AGAIN), held=True)
    return _after_call(row, facts, now) if row.channel == "voice" else None


def _doubt(row: Waiting, facts: Facts, now: datetime) -> Verdict | None:
    """Hold what is for somebody whose line may be another's by now, and ask there first.

    A call says nothing before it has asked that itself.
    """
    if not facts.doubted or row.channel == "voice" or row.kind == STILL:
        return None
    if now - row.created_at > ASKED_FOR:
        return Verdict(does="drop", why=UNTOLD, reached="not reachable")
    return Verdict(does="hold", until=now + timedelta(days=1), why=DOUBTED, asks=True)


def _after_call(row: Waiting, facts: Facts, now: datetime) -> Verdict | None:
    """What waited already when we rang them comes some time after that call, unless it would be too late."""
    if ringing := _ringing(row, facts, now):
        return ringing
    if facts.rung_at is None or row.created_at > facts.rung_at:
        return None
    until = facts.rung_at + BETWEEN_CALLS
    in_time = row.expires_at is None or row.expires_at > until
    return Verdict(does="hold", until=until) if until > now and in_time else None


def _ringing(row: Waiting, facts: Facts, now: datetime) -> Verdict | None:
    """Nobody is rung while they are on a call."""
    if row.channel == "voice" and facts.ringing_until and facts.ringing_until > now:
        return Verdict(does="hold", until=facts.ringing_until)
    return None


def _next_week(row: Waiting, facts: Facts) -> datetime | None:
    """When one that is beyond what they want in a week may go.

    What has an end waits for at most half of its time, and not at all where that is a day, so that a brief
    comes well before its meeting and a vote well before it closes: the week's number may be passed, but
    nothing is lost by it.
    """
    if row.kind not in WEEKLY or facts.week_until is None:
        return None
    until = facts.week_until
    if row.expires_at:
        lasts = row.expires_at - row.created_at
        until = min(until, row.created_at + (lasts / 2 if lasts > SHORT else timedelta()))
    start = next_moment(until, facts.hours, facts.days, facts.zone)
    return start if row.expires_at is None or start < row.expires_at else None


def next_moment(at: datetime, hours: str, days: str, zone: str) -> datetime:
    """This moment if it is in a member's hours and on one of their days, else the next that is."""
    return next_open(at, hours_of(hours), days_of(days), zone)


def hours_of(wish: str) -> Hours:
    """A member's hours; the usual ones where what is stored can't be read, since nobody is woken for that."""
    try:
        return Hours.parse(wish)
    except WhenError:
        return Hours.parse(USUAL_HOURS)


def waits_its_turn(row: Waiting, now: datetime) -> bool:
    """Whether a row that isn't due yet keeps those behind it waiting, so that the order is kept.

    Held rows never do, nor those that back off for longer: a failing message blocks no other.
    """
    return not row.held and now < row.not_before <= now + PATIENCE


def after_unclear(row: Waiting, now: datetime) -> tuple[str, datetime] | None:
    """What an unclear try makes of a message, and when to see to it again; None if it was the last try.

    Twilio's receipt may settle it meanwhile, and then its list is asked; Telegram can't be asked.
    """
    if row.channel not in LISTED:
        return None if row.outcome == "unclear" else ("unclear", now + AT_ONCE)
    tried = "unclear again" if row.outcome in ("asked", "unclear again") else "unclear"
    return tried, now + CALLBACK


def after_death(row: Waiting, now: datetime) -> tuple[str, datetime] | None:
    """The same where the process that was sending it died, which says nothing of the message itself.

    It may not even have left, so a second death doesn't end it; only one that is in at each try.
    """
    if row.tries + 1 >= DEATHS:
        return None
    return "unclear", now + (CALLBACK if row.channel in LISTED else AT_ONCE)
