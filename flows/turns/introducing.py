"""Asks who is there, and what flows can do about that: proving it, being somebody else, being rung back."""

import re
from collections.abc import Callable, Mapping

from flows.effects import Here, Matter, RingBack, SomebodyElse
from flows.events import Option, Question
from flows.state import Candidate
from flows.turns.frames import put_question
from flows.turns.turning import Turn

WHO, PIN, STILL, MESSAGE = "who", "pin", "still", "message"
OTHER = "other"


def ask(t: Turn, _: str) -> None:
    """Ask who is there: by names where all who use the line agreed to that, else by number."""
    t.frames.clear()
    shown = _shown(t)
    if shown:
        other = Option(key=OTHER, label=t.phrase("who.other"), spoken=t.spoken("who.other"))
        put(t, question_of(t, WHO, "who.names", (*shown, other)))
    else:
        several = len({one.group for one in t.candidates}) > 1
        put(t, question_of(t, WHO, "who.groups" if several else "who.number"))


def still(t: Turn, one: Candidate) -> Question:
    """Whether a line is still somebody's. Whoever has it now learns a first name at most."""
    options = tuple(Option(key=key, label=t.phrase(f"still.{key}")) for key in ("yes", "no"))
    text = t.phrase("still.ask", member=one.first_name or t.phrase("still.nobody"))
    return Question(id=t.ids(), name=STILL, text=text, takes=("choice",), options=options)


def question_of(t: Turn, name: str, phrase: str, options: tuple[Option, ...] = ()) -> Question:
    return Question(
        id=t.ids(),
        name=name,
        text=t.phrase(phrase),
        spoken=t.spoken(phrase),
        takes=("choice",) if options else ("number",),
        options=options,
    )


def put(t: Turn, question: Question) -> None:
    t.asked = question
    put_question(t, question, merge="" if t.on_call else "who")


def _shown(t: Turn) -> tuple[Option, ...]:
    """The first names, with the group or the whole name where two would read alike."""
    if not t.candidates or not all(one.greet and one.name for one in t.candidates):
        return ()
    firsts = [one.first_name for one in t.candidates]
    return tuple(
        Option(key=one.id, label=one.first_name if firsts.count(one.first_name) == 1 else _in_full(t, one))
        for one in t.candidates
    )


def _in_full(t: Turn, one: Candidate) -> str:
    alike = sum(other.name == one.name for other in t.candidates) > 1
    return f"{one.name} ({one.code})" if alike else one.name


# What flows can do -----------------------------------------------------------------------------------
def prove(t: Turn, _: str) -> None:
    """Somebody who rang from a member's line keyed that member's number: from now on it is sure."""
    answer = t.answer("number")
    digits = re.sub(r"\D", "", answer.text) if answer else ""
    pin = t.answer("pin")
    member = t.member
    value = f"{digits.zfill(4)} {pin.text.zfill(4) if pin else ''}".strip()
    found = t.look("member number", value) if digits else None
    if member and found and found.member == member.id:
        t.do(Here(member=member.id))
        t.proved = True


def somebody_else(t: Turn, _: str) -> None:
    """Not the member whose line it is: a stranger from here on, who may join or key a number."""
    t.do(SomebodyElse())
    t.frames[:] = [frame for frame in t.frames if not t.flow(frame).over]
    t.away = bool(t.frames)


def ring_back(t: Turn, _: str) -> None:
    """Ring them soon, within their hours, if the group has that and they were not rung too often."""
    found = t.look("ring back")
    if found.at:
        t.do(RingBack(line=found.line, at=found.at))
        t.tell("ring back.now" if found.soon else "ring back.later", when=found.when)
        return
    t.tell(f"ring back.{found.why}")
    if found.why == "nowhere":
        t.do(Matter(kind="ring"))


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    "ask who": ask,
    "prove": prove,
    "somebody else": somebody_else,
    "ring back": ring_back,
}
