"""One person, many lines: codes and member numbers that open another line, making one of two, and the PIN."""

import re
from collections.abc import Callable, Mapping
from typing import Literal

from flows.effects import Linked, SetPin
from flows.lines import Opened, Person
from flows.state import Answer
from flows.steps import MENU
from flows.turns.frames import open_frame, put_question
from flows.turns.helping import supporting
from flows.turns.keeping import holds
from flows.turns.turning import Turn
from flows.understand import bare
from flows.values import replace

# Six digits link another line, seven bring somebody back; an invitation has eight.
BARE = re.compile(r"^\W*(\d{3}[\s-]?\d{3,4})\W*$")
NAMED = re.compile(r"^\W*(?:link|code|my code is|the code is)\W+(\d{3}[\s-]?\d{3,4})\W*$", re.IGNORECASE)
CODE, NUMBER, PIN = (6, 7), 4, 4  # digits
TRIES = 3
COMING = "come back"
ASKED_HERE = {COMING, "unlink"}  # flows whose question is settled once somebody goes on as somebody else
NOTHING_OPENS = {"wrong", "closed"}
OBVIOUS = {"1234", "4321", "1212", "2580"}

Deed = Callable[[Turn, str], None]
How = Literal["linked", "one person", "came back", "two people"]


def sent_code(t: Turn) -> bool:
    """Take up a code that was sent, whoever sent it; True where it was one.

    Bare numbers that answer what was asked are a code only where one like it is awaited.
    """
    if t.event.kind != "words" or at_it(t):
        return False
    said = t.event.text.strip()[:60]
    named, bare = NAMED.match(said), BARE.match(said)
    found = named or bare
    if found is None:
        return False
    code = re.sub(r"\D", "", found[1])
    if not named and t.member:
        result = t.look("code", code).result
        if result in NOTHING_OPENS:  # then it is something that they tell us, and is kept like all of that
            if t.question is None:
                t.tell(f"code.{result}")
            return False
    open_frame(t, COMING, answers={"key": Answer(text=code), "sent": Answer(keys=("yes",))})
    return True


def asks_back(t: Turn) -> bool:
    """Whether a stranger says that they take part already, or sends a code; it opens what asks for more."""
    if t.event.kind == "words" and t.flows.triggers.get(bare(t.event.text)) == COMING:
        open_frame(t, COMING)
        return True
    return sent_code(t)


def at_it(t: Turn) -> bool:
    return bool(t.frame and t.frame.flow == COMING and t.question)


# Deeds ----------------------------------------------------------------------------------------------
def read_key(t: Turn, _: str) -> None:
    """What was keyed or sent: a member number, to which a PIN belongs, or a code."""
    key = _digits(t, "key")
    if len(key) == NUMBER:
        _set(t, opened="number", code=key)
    elif len(key) in CODE:
        _opened(t, t.look("code", key))
    elif len(key) == supporting.DIGITS:
        supporting.take_code(t, key)
        _set(t, opened="no")
    else:
        _opened(t, Opened())


def read_pin(t: Turn, _: str) -> None:
    """The member number with its PIN. From here on a code stands for both: no PIN is kept in between."""
    frame = t.frames[-1]
    named, number = (frame.answers.get(name, Answer()).text.strip() for name in ("which", "code"))
    pin = _digits(t, "pin")
    without = {name: answer for name, answer in frame.answers.items() if name != "pin"}
    t.put_frame(replace(frame, answers=without))
    _opened(t, t.look("number", f"{named.replace('|', '')}|{number}|{pin}"))


def use_code(t: Turn, how: str) -> None:
    """Use the code up: the turn goes on as the member's whose it is."""
    code = t.answer("code") or Answer()
    found: Opened = t.look("use code", f"{code.text}|{how}")
    if found.person is None:
        t.frames.pop()
        t.tell("code.wrong")
        return
    done: How = "one person" if how == "one" else "came back" if found.kind == "back" else "linked"
    _become(t, found.person, done)
    t.tell(f"line.{done}")
    _go_on(t)


def part(t: Turn, _: str) -> None:
    """Two people again of one."""
    found: Opened = t.look("part")
    if found.person is None:
        t.tell("line.nothing to undo")
        return
    _become(t, found.person, "two people")
    t.tell("line.two people")
    _go_on(t)


def set_pin(t: Turn, _: str) -> None:
    """Keep a PIN that others would not guess at once; it stays nowhere else."""
    pin = _digits(t, "pin")
    frame = t.frames[-1]
    without = {name: answer for name, answer in frame.answers.items() if name != "pin"}
    t.put_frame(replace(frame, answers=without))
    number = t.member.number if t.member else ""
    if len(pin) != PIN or pin in OBVIOUS or pin == number or len(set(pin)) == 1:
        t.tell("pin.four" if len(pin) != PIN else "pin.obvious")
        return
    t.do(SetPin(pin=pin))
    _set(t, kept="yes")


def drop_pin(t: Turn, _: str) -> None:
    t.do(SetPin(pin=""))


def _opened(t: Turn, found: Opened) -> None:
    """How the flow goes on: `back` and `ask` are asked about first, `again` may be tried once more."""
    if found.result == "right":
        how = "back" if found.kind == "back" else "ask" if found.same else "right"
        _set(t, opened=how, code=found.code)
        return
    t.tell(f"code.{found.result}")
    frame = t.frames[-1]
    tried = len(frame.lists.get("tries", ())) + 1
    may_again = found.result == "wrong" and "sent" not in frame.answers
    _set(t, opened=("again" if tried < TRIES else "enough") if may_again else "no")


def _set(t: Turn, *, opened: str = "", code: str = "", kept: str = "") -> None:
    frame = t.frames[-1]
    new = {
        **({"opened": Answer(text=opened, keys=(opened,))} if opened else {}),
        **({"code": Answer(text=code)} if code else {}),
        **({"kept": Answer(keys=(kept,))} if kept else {}),
    }
    t.put_frame(replace(frame, answers={**frame.answers, **new}))


def _digits(t: Turn, name: str) -> str:
    """The digits of an answer as they were sent: a number would lose the noughts before it."""
    answer = t.answer(name) or Answer()
    said = t.event.value if t.event.kind == "press" else t.event.text
    digits = re.sub(r"\D", "", said)
    whole = f"{answer.number:.0f}" if answer.number is not None else re.sub(r"\D", "", answer.text)
    return digits if digits.lstrip("0") == whole.lstrip("0") else whole


def _become(t: Turn, person: Person, how: How) -> None:
    """The rest of the turn is this member's, where they left off."""
    t.do(Linked(member=person.member.id, how=how))
    t.go_on_as(person)


def _go_on(t: Turn) -> None:
    """Where they were, on whatever line that was."""
    if t.frames and t.frames[-1].flow in ASKED_HERE:
        t.frames.pop()
        t.away = bool(t.frames)
    ways = {flow.name for flow in t.flows.shelves[MENU]}
    places = [frame for frame in t.frames if frame.flow in ways or holds(t, frame)]
    if t.on_call:
        t.frames[:], t.away = places, bool(places)
        if places:
            t.waiting_title = t.title(places[-1])
        open_frame(t, "carry on" if places else "menu")
    elif t.question and not t.away:
        put_question(t, t.question)
    elif places:
        t.tell("waiting", waiting=t.title(places[-1]))


DEEDS: Mapping[str, Deed] = {
    "read key": read_key,
    "read pin": read_pin,
    "use code": use_code,
    "part": part,
    "set pin": set_pin,
    "drop pin": drop_pin,
}
