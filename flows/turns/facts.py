"""What a flow may ask about the world: facts for `when`, lists for `over`, names in braces."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

from flows.events import Option
from flows.polls import Poll
from flows.state import Brief
from flows.steps import Condition
from flows.turns import receipts
from flows.turns.helping import handing, supporting
from flows.turns.joining import admitting, consenting, who
from flows.turns.keeping import gave
from flows.turns.lines import coming
from flows.turns.practising import practising
from flows.turns.turning import Turn
from flows.turns.wishes import choosing, pausing, things
from flows.wording import Text


def _yes(value: object) -> str:
    return "yes" if value else "no"


FACTS: Mapping[str, Callable[[Turn], str]] = {
    "channel": lambda t: t.event.channel,
    "call": lambda t: _yes(t.event.can.call),
    "photos": lambda t: _yes("photo" in t.event.can.takes),
    "group": lambda t: "known" if t.group else "unknown",
    "alone": lambda t: _yes(t.group and t.group.alone),
    "joined": lambda t: _yes(t.member),
    "languages": lambda t: "several" if t.group and len(t.group.rules.languages) > 1 else "one",
    "polls": lambda t: "some" if open_polls(t) else "none",
    "brief": lambda t: _yes(brief(t)),
    "shared": lambda t: _yes(shared(t)),
    "helper": lambda t: _yes(t.group and t.group.helper),
    "helper phone": lambda t: _yes(t.group and t.group.helper_phone),
    "notice": lambda t: t.member.notice.kind if t.member and t.member.notice else "none",
    "secret": lambda t: _yes((poll := poll_at_hand(t)) and poll.secret),
    "voted": lambda t: _yes((poll := poll_at_hand(t)) and t.votes.get(poll.id)),
    # Said before the vote is asked, and not to somebody who has just answered it.
    "what for": lambda t: "some" if what_for(t) and t.answer("ballot") is None else "none",
    "calls": lambda t: choosing.standing(t, "voice"),
    "texts": lambda t: choosing.standing(t, "sms"),
    "telegram": lambda t: choosing.standing(t, "telegram"),
    "practice": lambda t: _yes(practising(t)),
    "link code": lambda t: "some" if t.look("new code") else "none",
    "one person": lambda t: _yes(t.look("joined")),  # made of two members, not long ago
    "state": lambda t: t.member.state if t.member else "none",
    "named": lambda t: _yes(not t.unnamed(t.frames[-1] if t.frames else None)),
    "never named": lambda t: _yes(t.member and t.member.never_named),
    **things.FACTS,
    "kept so far": lambda t: _yes(any(gave(t, frame) for frame in t.frames[:-1])),
    **admitting.FACTS,
    **consenting.FACTS,
    **coming.FACTS,
    **supporting.FACTS,
}


def holds(t: Turn, condition: Condition) -> bool:
    """Whether every name has one of the values that the condition gives it."""
    return not condition or all(value(t, name) in wanted for name, wanted in condition.items())


def value(t: Turn, name: str) -> str:
    """A fact, or what was answered: the chosen key, "given" for other answers, "" for none."""
    fact = FACTS.get(name)
    if fact:
        return fact(t)
    answer = t.answer(name)
    if answer is None:
        return ""
    if answer.keys:
        return answer.keys[0]
    return "given" if answer.text or answer.media or answer.number is not None else ""


def open_polls(t: Turn) -> list[Poll]:
    """The polls that this member may vote in: those still to be answered first, of them the one just sent."""
    if not t.group:
        return []
    sent = t.asked.poll if t.asked else ""
    polls = [poll for poll in t.group.polls if not poll.closed and may_vote(t, poll)]
    return sorted(polls, key=lambda poll: (bool(t.votes.get(poll.id)), poll.id != sent))


def may_vote(t: Turn, poll: Poll) -> bool:
    """Whether this person has a vote in it, or whom they support: staff have one where the poll says so."""
    voter = t.member or supporting.supported(t)
    return poll.staff or voter is None or voter.permission == "member"


def poll_at_hand(t: Turn) -> Poll | None:
    frame = t.frame
    return t.group.poll(frame.poll) if t.group and frame and frame.poll else None


def what_for(t: Turn) -> str:
    """What the vote at hand will change, and who decides."""
    poll = poll_at_hand(t)
    reasons = {"changes": poll.changes, "decides": poll.decides} if poll else {}
    return " ".join(t.phrase(f"vote.{name}", **{name: words}) for name, words in reasons.items() if words)


def brief(t: Turn) -> Brief | None:
    """The brief that is being read, else the last that came and waits, else the one for the next meeting."""
    briefs = {one.id: one for one in t.group.briefs} if t.group else {}
    seen = t.frame.seen if t.frame else ""
    wanted = (seen, *(t.member.unread if t.member else ()), *briefs)
    return next((briefs[id_] for id_ in wanted if id_ in briefs), None)


def brief_parts(t: Turn) -> Sequence[str]:
    found = brief(t)
    if not found:
        return ()
    return found.parts.get(_version(t, found), ())


def _version(t: Turn, found: Brief) -> str:
    """The version of a brief that is nearest to what this person needs, such as "cy.easy"."""
    wanted = [f"{t.language}.easy", t.language] if t.form == "easy" else [t.language]
    return next((name for name in (*wanted, *found.parts) if found.parts.get(name)), "")


def shared(t: Turn) -> Sequence[str]:
    """Ids of what others gave to the group, newest first; never the member's own."""
    me = t.member.id if t.member else ""
    return [one.id for one in (t.group.shared if t.group else ()) if me not in one.mine]


OVER: Mapping[str, Callable[[Turn], Sequence[str]]] = {
    "brief": brief_parts,
    "polls": lambda t: [poll.id for poll in open_polls(t)],
    "shared": shared,
}


def languages(t: Turn) -> tuple[Option, ...]:
    """The group's languages as a choice, each called as those who speak it call it."""
    known = t.flows.phrases
    codes = t.group.rules.languages if t.group else ()
    return tuple(
        Option(key=code, label=t.phrase(name) if (name := f"language.{code}") in known else code.upper())
        for code in codes
    )


LISTED: Mapping[str, Callable[[Turn], tuple[Option, ...]]] = {"languages": languages, **things.LISTED}


def place(t: Turn, over: str) -> str:
    """The item that a repeat over a list has come to."""
    items = OVER[over](t)
    at = t.frame.places.get(over, 0) if t.frame else 0
    return items[at] if 0 <= at < len(items) else ""


def _shared_now(t: Turn, what: str) -> str:
    wanted = t.frame.seen if t.frame else ""
    for one in t.group.shared if t.group else ():
        if one.id == wanted:
            t.about = one.id  # once it is erased, so is what told it
            return one.name if what == "giver" else one.text
    return ""


def _first_name(t: Turn) -> str:
    """The first name; on a call of ours to a shared phone only where all on it agreed."""
    member = t.member
    if member is None or (member.notice and not member.notice.greet):
        return ""
    return member.name.partition(" ")[0]


def _my_vote(t: Turn) -> str:
    poll = poll_at_hand(t)
    keys = t.votes.get(poll.id, ()) if poll else ()
    return ", ".join(option.label for option in (poll.options if poll else ()) if option.key in keys)


def _written(text: Callable[[Turn], Text]) -> Callable[[Turn], str]:
    return lambda t: fill(t, text(t))[0]


def _group(name: str) -> Callable[[Turn], str]:
    return lambda t: str(getattr(t.group, name)) if t.group else ""


NAMES: Mapping[str, Callable[[Turn], str]] = {
    "name": lambda t: t.member.name if t.member else t.given_name,
    "first name": lambda t: _first_name(t),
    "member number": lambda t: t.member.number if t.member else (t.group.spare_number if t.group else ""),
    "group": _group("name"),
    "code": _group("code"),
    "helper": handing.helper,
    "helper phone": _group("helper_phone"),
    "phone": _group("phone"),
    "outside": lambda t: t.group.outside_name if t.group else "Takepart",
    **receipts.NAMES,
    **who.NAMES,
    **things.NAMES,
    "question": lambda t: poll.question if (poll := poll_at_hand(t)) else "",
    "closes": lambda t: poll.closes if (poll := poll_at_hand(t)) else "",
    "what for": lambda t: what_for(t),
    "choice": lambda t: t.chosen,
    "my vote": lambda t: _my_vote(t),
    "brief": lambda t: one.title if (one := brief(t)) else "",
    "meeting": lambda t: one.meeting if (one := brief(t)) else "",
    "when": lambda t: one.when if (one := brief(t)) else "",
    "part": lambda t: place(t, "brief"),
    "whole": lambda t: "\n\n".join(brief_parts(t)),
    "giver": lambda t: _shared_now(t, "giver"),
    "words": lambda t: _shared_now(t, "words"),
    "notice": lambda t: t.member.notice.text if t.member and t.member.notice else "",
    "waiting": lambda t: t.waiting_title,
    **{name: _written(text) for name, text in consenting.WORDINGS.items()},
    "back": pausing.back,
    "my ways": choosing.summary,
    "link code": lambda t: str(t.look("new code")),
    **supporting.NAMES,
}


def _of_brief(t: Turn) -> str:
    found = brief(t)
    return _version(t, found).partition(".")[0] if found else ""


def _tongue_of(text: Callable[[Turn], Text]) -> Callable[[Turn], str]:
    return lambda t: _tongue(t, text(t))


# The languages of what a name stands for, where that is known; else it is the group's words, or a member's.
LANGUAGES: Mapping[str, Callable[[Turn], str]] = {
    "part": _of_brief,
    "whole": _of_brief,
    "question": lambda t: poll.version(t.language, t.form)[0] if (poll := poll_at_hand(t)) else "",
    "notice": lambda t: t.member.notice.language if t.member and t.member.notice else "",
    **{name: _tongue_of(text) for name, text in consenting.WORDINGS.items()},
}
NUMBERS = frozenset({"member number", "phone", "helper phone", "link code", "support code"})
SAID_OTHERWISE = NUMBERS | consenting.WORDINGS.keys()


def spelled(number: str) -> str:
    """A number as it is said: digit by digit, not as thousands, and as it is dialled at home."""
    if number.startswith("+"):
        with suppress(NumberParseException):
            number = format_number(parse(number), PhoneNumberFormat.NATIONAL)
    return " ".join(number.replace(" ", ""))


def fill(t: Turn, text: Text, *, aloud: bool = True) -> tuple[str, str, str]:
    """A text in the person's language and form with its names filled in: to read, to hear, its language.

    The second is empty where it is said as it is written, or not `aloud`, and then the third is too.
    """
    form = t.language, t.form
    written, spoken = text.written[form], text.spoken[form]
    shown = written.fill(lambda name: _named(t, name))
    if not aloud:
        return shown, "", ""
    tongue = _tongue(t, text)
    if spoken is written and SAID_OTHERWISE.isdisjoint(written.names):
        return shown, "", tongue
    return shown, spoken.fill(lambda name: _said(t, name)), tongue


def _tongue(t: Turn, text: Text) -> str:
    """The language in which this text is said to this person: theirs, where any of it has been written in it.

    A voice of their language gets through some words of another, and not the other way round.
    """
    spoken = text.spoken[t.language, t.form]
    named = (LANGUAGES[name](t) for name in spoken.names if name in LANGUAGES)
    known = [tongue for tongue in (spoken.language, *named) if tongue]
    if t.language in known:
        return t.language
    return known[0] if known else t.group.language if t.group else ""


def _named(t: Turn, name: str) -> str:
    found = NAMES.get(name)
    if found:
        return found(t)
    answer = t.answer(name)
    return answer.text if answer else ""


def _said(t: Turn, name: str) -> str:
    """The same as it is said aloud."""
    if name in consenting.WORDINGS:
        shown, spoken, _ = fill(t, consenting.WORDINGS[name](t))
        return spoken or shown
    return spelled(_named(t, name)) if name in NUMBERS else _named(t, name)
