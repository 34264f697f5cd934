"""What members wish of us: how to keep in touch, what they need, and how it goes for them."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flows.effects import CheckedIn, Choose, Need, Prefer
from flows.events import Question
from flows.preferences import settle
from flows.state import Answer
from flows.steps import AskStep
from flows.turns.frames import open_frame
from flows.turns.keeping import for_a_person
from flows.turns.turning import Turn
from flows.understand import bare
from flows.understanding.dates import read_date
from flows.values import replace

# From here on, in this turn too.
AT_ONCE = frozenset({"form", "language", "slower", "lower", "more_time", "never_named"})
CHOICES = {"plan": "if_quiet"}  # an answer's name where it is not the wish's own
UNTIL = ("until ", "till ", "til ", "to ", "for ")


def prefer(t: Turn, what: str) -> None:
    name, _, value = what.partition("=")
    wish(t, name, value or "yes")


def answered(t: Turn, name: str) -> None:
    """The wish that an answer of this name is; days that were chosen one by one stand beside it."""
    found = t.answer("week") if name == "days" and t.key("days") == "own" else t.answer(name)
    keys = " ".join(found.keys) if found else ""
    if keys and name == "first":
        first(t, keys)
    elif keys:
        wish(t, CHOICES.get(name, name), keys)


def wish(t: Turn, name: str, value: str) -> None:
    name, value = settle(name, value)
    t.do(Prefer(name=name, value=value))
    if t.member and name in AT_ONCE:
        heard: Any = value if name in ("form", "language") else value == "yes"
        t.member = replace(t.member, **{name: heard})


def first(t: Turn, channel: str) -> None:
    """This way before the others; to wish for it is to allow it."""
    t.do(Choose(channel=channel, purpose="", wanted=True))
    wish(t, "first", channel)


def name_who_to_ask(t: Turn, _: str) -> None:
    """Somebody to ask when the member has gone quiet: a person notes it, once that one has agreed."""
    found = t.answer("who") or Answer()
    if found.text or found.media:
        for_a_person(t, "whom to ask", found.text, media=found.media)


# What opens a flow ----------------------------------------------------------------------------------
def opens_with(t: Turn, words: str) -> bool:
    """A flow's word with a day after it: PAUSE UNTIL MONDAY. True where it was one.

    Where the day isn't plain the flow asks. Words that only begin like it are no such wish.
    """
    said = bare(words)
    for word, flow in t.flows.followed.items():
        if said.startswith(f"{word} "):
            day, sure = _day(t, said.removeprefix(word).strip())
            if day:
                answer = {flow.follows: Answer(text=day.isoformat())} if sure else {}
                open_frame(t, flow.name, answers=answer)
                return True
    return False


def _day(t: Turn, said: str) -> tuple[date | None, bool]:
    for word in UNTIL:
        said = said.removeprefix(word)
    found = None
    for words in (said, f"in {said}"):
        reading = read_date(words, t.now.date())
        if reading and reading.date and reading.sure:
            return reading.date, True
        found = found or reading
    short = len(said.split()) <= 3
    return (found.date if found and short else None), False


# What they need, and how it goes -----------------------------------------------------------------
def need(t: Turn, name: str) -> None:
    kind, more = t.key(name), t.answer("more") or Answer()
    words = more.text if more.keys != ("skip",) else ""
    t.do(Need(kind=kind, words=words))
    if kind in ("never ring", "never first"):
        wish(t, kind, "yes")
    if more.media:
        for_a_person(t, "need", kind, media=more.media, told=False)


def checked_in(t: Turn, _: str) -> None:
    t.do(CheckedIn(answer=t.key("works")))


def pass_on_wish(t: Turn, name: str) -> None:
    """A wish that only a person can see to."""
    found = t.answer(name) or Answer()
    for_a_person(t, "wish", found.text, told=False)


def begins(t: Turn, question: Question, answer: Answer) -> bool:
    """Whether a question of ours was the first of a flow, which its answer then begins."""
    flow = t.flows.current.get(question.name) if not question.frame else None
    if flow is None:
        return False
    name = next((step.name for step in flow.steps if isinstance(step, AskStep)), "")
    if t.asked and t.asked.id == question.id:
        t.asked = None
    open_frame(t, flow.name, answers={name: answer})
    return True


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    "prefer": prefer,
    "wish": answered,
    "first": first,
    "name who to ask": name_who_to_ask,
    "need": need,
    "checked in": checked_in,
    "pass on wish": pass_on_wish,
}
