"""Asks who is there, and what flows can do about that: proving it, being somebody else, being rung back."""

import re
from collections.abc import Callable, Mapping

from flows.effects import Here, Matter, NotTheirs, RingBack, SomebodyElse
from flows.events import Option, Question
from flows.library import Flows
from flows.state import Answer, Candidate
from flows.turns.frames import drop_overlays, put_question
from flows.turns.turning import Turn
from flows.values import replace

WHO, PIN, STILL, MESSAGE = "who", "pin", "still", "message"
OTHER = "other"
ONE_RING = 6  # seconds, as long as a call lasts that is put down when we answer


def ask(t: Turn, _: str) -> None:
    """Ask who is there: by names where all who use the line agreed to that, else by number."""
    t.frames.clear()
    t.sought = t.group.id if t.group and not t.candidates else ""
    shown = _shown(t)
    if shown:
        other = Option(key=OTHER, label=t.phrase("who.other"), spoken=t.spoken("who.other"))
        put(t, question_of(t, WHO, "who.names", (*shown, other)))
    else:
        groups = {one.group for one in t.candidates}
        put(t, question_of(t, WHO, "who.groups" if len(groups) > 1 or t.group is None else number_of(t)))


def number_of(t: Turn) -> str:
    """How the member number is asked for: a first name does where some may be meant by it."""
    return "who.number" if t.candidates else "who.number only"


def still(t: Turn, one: Candidate) -> Question:
    return still_theirs(t.flows, one.id, one.first_name, (t.language, t.form))


def still_theirs(flows: Flows, member: str, first_name: str, form: tuple[str, str]) -> Question:
    """Whether a line is still theirs: named by their id. Whoever has it now learns a first name at most."""

    def said(name: str, **values: str) -> str:
        return flows.phrases[name].written[form].fill(lambda key: values.get(key, ""))

    def aloud(name: str) -> str:
        return flows.phrases[name].spoken[form].fill(lambda _: "")

    options = tuple(
        Option(key=key, label=said(f"still.{key}"), spoken=aloud(f"still.{key}"), words=(key,))
        for key in ("yes", "no")
    )
    text = said("still.ask", member=first_name or said("still.nobody"))
    tongue = flows.phrases["still.ask"].written[form].language
    return Question(id=member, name=STILL, text=text, takes=("choice",), options=options, language=tongue)


def question_of(t: Turn, name: str, phrase: str, options: tuple[Option, ...] = ()) -> Question:
    return Question(
        id=t.ids(),
        name=name,
        text=t.phrase(phrase),
        spoken=t.spoken(phrase),
        takes=("choice",) if options else ("number",),
        options=options,
        language=t.tongue(phrase),
    )


def put(t: Turn, question: Question) -> None:
    t.asked = question
    put_question(t, question, merge="" if t.on_call else "who")


def _shown(t: Turn) -> tuple[Option, ...]:
    """The first names, with the group or the whole name where two would read alike."""
    if not t.candidates or not all(one.greet and one.name for one in t.candidates):
        return ()
    firsts = [one.first_name for one in t.candidates]
    names = {one.id: one.first_name for one in t.candidates if firsts.count(one.first_name) == 1}
    # As they joined, so that somebody's key stays the same whoever was there last.
    there = sorted(t.candidates, key=lambda one: one.id)
    return tuple(_person(t, one, names.get(one.id) or _in_full(t, one)) for one in there)


def _person(t: Turn, one: Candidate, name: str) -> Option:
    return Option(key=one.id, label=name, spoken=t.phrase("who.is", member=name))


def _in_full(t: Turn, one: Candidate) -> str:
    alike = sum(other.name == one.name for other in t.candidates) > 1
    return f"{one.name} ({one.code})" if alike else one.name


# What flows can do -----------------------------------------------------------------------------------
def prove(t: Turn, _: str) -> None:
    """Somebody who rang from a member's line keys that member's number: from then on it is sure."""
    member, frame = t.member, t.frames[-1]
    number, pin = (_keyed(frame.answers.get(name)) for name in ("number", "pin"))
    if member is None or not number:
        return
    found = t.look("member number", f"{number} {pin}".strip())
    asks = "yes" if found.asks_pin else "no"
    kept = {name: answer for name, answer in frame.answers.items() if name != "pin"}
    t.put_frame(replace(frame, answers={**kept, "asks pin": Answer(keys=(asks,))}))
    if found.member == member.id:
        t.do(Here(member=member.id))
        t.proved = True


def _keyed(answer: Answer | None) -> str:
    """Four figures as they were keyed; an answer that is a number has lost its noughts."""
    return re.sub(r"\D", "", answer.text).zfill(4) if answer else ""


def theirs(t: Turn, _: str) -> None:
    """They say that the line is still the member's."""
    if t.member:
        t.do(Here(member=t.member.id))


def not_theirs(t: Turn, _: str) -> None:
    """Somebody else has the member's line now."""
    if t.member:
        t.do(NotTheirs(member=t.member.id))


def somebody_else(t: Turn, _: str) -> None:
    """Not the member whose line it is: a stranger from here on, who may join or key a number."""
    t.do(SomebodyElse())
    t.frames.pop()
    drop_overlays(t)
    t.away = bool(t.frames)
    t.recognised = True


def ring_back(t: Turn, _: str) -> None:
    """Ring them soon, within their hours, if the group has that and they were not rung too often."""
    found = t.look("ring back")
    if found.at:
        t.do(RingBack(line=found.line, at=found.at, group=found.group))
        t.tell("ring back.now" if found.soon else "ring back.later", when=found.when)
        return
    t.tell(f"ring back.{found.why}")
    if found.why == "nowhere":
        t.do(Matter(kind="ring"))


def rang_once(t: Turn) -> None:
    """Ring back whoever rang once and hung up, where their group has that: so a call costs them nothing.

    Where several use the line nobody knows yet who it was: that is asked when we ring.
    """
    seconds = t.event.value
    if t.event.question or not seconds.isdecimal() or int(seconds) > ONE_RING:
        return
    if t.member and not (t.group and t.group.rules.ring_back_missed):
        return
    found = t.look("ring back" if t.member else "ring back there")
    if found.at:
        t.do(RingBack(line=found.line, at=found.at, group=found.group))


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    "ask who": ask,
    "prove": prove,
    "theirs": theirs,
    "not theirs": not_theirs,
    "somebody else": somebody_else,
    "ring back": ring_back,
}
