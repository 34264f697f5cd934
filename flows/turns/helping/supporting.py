"""Supporters: a member names one, who then sends from a phone of their own what the member said or wrote.

To that phone nothing is told of the member but their name: it hands in, and it never acts as the member.
"""

import re
from collections.abc import Callable, Mapping

from flows.effects import EndSupport, Enter, GiveUpSupport, HandsIn
from flows.polls import Poll
from flows.state import Answer, Supported
from flows.turns.frames import open_frame
from flows.turns.turning import Turn
from flows.understand import bare, command
from flows.values import replace

CODE = re.compile(r"^\W*(?:code\W+)?(\d{3}[\s-]?\d{3}[\s-]?\d{3})\W*$", re.IGNORECASE)
DIGITS = 9
ENTERING = "entering"


def supported(t: Turn) -> Supported | None:
    """For whom this phone may send things, if for anybody."""
    found: Supported | None = t.look("supported")
    return found


def standing(t: Turn) -> str:
    """What this phone may send for somebody: words, votes too, or nothing."""
    one = supported(t)
    return "none" if one is None else "votes" if one.votes else "words"


def supporters(t: Turn) -> str:
    """Whom the member has named."""
    return t.several([one or t.phrase("support.unnamed") for one in t.look("supporters")])


# At the door and in between ---------------------------------------------------------------------------
def sent_code(t: Turn) -> bool:
    """Take up a supporter's code; True where these were nine digits and nothing else."""
    found = CODE.match(t.event.text.strip()[:60]) if t.event.kind == "words" else None
    if found is None:
        return False
    take_code(t, re.sub(r"\D", "", found[1]))
    return True


def take_code(t: Turn, code: str) -> None:
    one: Supported | None = t.look("support code", code)
    if one is None:
        t.tell("code.wrong")
    else:
        t.tell("support.ready", who=one.name)


def at_it(t: Turn) -> bool:
    """Whether it answers what we asked a supporter: now, or by a vote's button however late."""
    if t.frame and t.frame.flow == ENTERING and t.question:
        return True
    voted = t.event.kind == "press" and t.group and t.group.poll(t.event.question)
    return bool(voted and supported(t))


def begins(t: Turn) -> bool:
    """Whether they say that they would like to send something for somebody."""
    return t.event.kind == "words" and t.flows.triggers.get(bare(t.event.text)) == ENTERING


def hands_in(t: Turn) -> bool:
    """Whether a stranger who writes is somebody's supporter: what they send is asked about, never lost."""
    if begins(t):
        open_frame(t, ENTERING)
        return True
    asked = command(t.event.text)
    if t.event.kind not in {"words", "media"} or asked == "HELP" or supported(t) is None:
        return False
    if asked:
        open_frame(t, ENTERING)
        return True
    t.do(HandsIn())
    entry = Answer(text=t.event.text.strip(), media=t.take_files("photo", "voice"))
    open_frame(t, ENTERING, answers={"entry": entry})
    return True


def give_up(t: Turn) -> None:
    """A supporter wants to hear no more: nothing is taken from their phone any more either."""
    if supported(t):
        t.do(GiveUpSupport())


# Deeds ------------------------------------------------------------------------------------------------
def name_supporter(t: Turn, _: str) -> None:
    """Note whom the member names; the code for that one's phone is said next."""
    who, may, weeks = (t.answer(name) or Answer() for name in ("who", "may", "weeks"))
    asked = f"{''.join(may.keys)}|{''.join(weeks.keys)}|{who.text.strip()}"
    frame = t.frames[-1]
    code = Answer(text=str(t.look("name supporter", asked)))
    t.put_frame(replace(frame, answers={**frame.answers, "support code": code}))


def end_support(t: Turn, _: str) -> None:
    t.do(EndSupport())


def enter(t: Turn, _: str) -> None:
    """Hand in what the member said or wrote."""
    one, entry = supported(t), t.answer("entry") or Answer()
    if one:
        t.do(Enter(id=t.gift_id(), supporter=one.id, text=entry.text, media=entry.media))


def vote(t: Turn, poll: Poll, answer: Answer) -> bool:
    """Hand in the member's ballot, where it is a supporter who votes; True where it was one."""
    one = supported(t) if t.member is None else None
    if one is None:
        return False
    t.do(Enter(id=t.ids(), supporter=one.id, poll=poll.id, keys=() if poll.closed else answer.keys))
    name = "support.late" if poll.closed else "support.counted"
    t.tell(name, who=one.name, choice=answer.text, question=poll.question)
    return True


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    "name supporter": name_supporter,
    "end support": end_support,
    "enter": enter,
}
FACTS: Mapping[str, Callable[[Turn], str]] = {
    "supporters": lambda t: "yes" if t.look("supporters") else "no",
    "supported": standing,
}
NAMES: Mapping[str, Callable[[Turn], str]] = {
    "my supporters": supporters,
    "supported name": lambda t: one.name if (one := supported(t)) else "",
    "support code": lambda t: (t.answer("support code") or Answer()).text,
}
