"""Who is there: asked where several use a line, where it may have changed hands, and on borrowed phones.

What comes meanwhile is held. Once it is known who is there, it takes its turns as theirs; nothing is lost.
"""

import re
from collections.abc import Callable, Mapping

from flows.effects import Delivered, Here, Matter, NotTheirs, SomebodyElse
from flows.events import Question
from flows.state import Candidate
from flows.turns.facts import spelled
from flows.turns.helping import handing
from flows.turns.lines.introducing import (
    MESSAGE,
    OTHER,
    PIN,
    STILL,
    WHO,
    ask,
    number_of,
    put,
    question_of,
    rang_once,
    still,
)
from flows.turns.replies import read
from flows.turns.turning import Turn
from flows.values import replace

MOST_HELD = 20
DIALLED = "dialled:"
TRIES = 3
FEW_WORDS = 3  # more are somebody telling us something, not their name
NUMBER = re.compile(r"\d{4}")
WORD = re.compile(r"[^\W\d_]+")


def under_way(t: Turn) -> bool:
    """Whether it has to be known first who is there, or nobody can know."""
    if not (t.event.line or t.on_call):
        return True
    asked = t.member is None and t.asked is not None and not t.frames
    return bool(t.candidates or (asked and t.asked and t.asked.name in {WHO, PIN, STILL, MESSAGE}))


def hear(t: Turn) -> None:
    """Take what comes as the answer to who is there, or hold it and ask."""
    kind = t.event.kind
    if not (t.event.line or t.on_call):
        _unanswerable(t)
    elif kind == "hangup":
        t.asked, t.held = None, ()
        rang_once(t)
    elif kind == "call" and t.event.value:
        _lifted(t)
    elif kind in {"unknown", "optout"}:
        return
    elif kind == "silence":
        _silent(t)
    elif t.asked is None or kind == "call":
        _begin(t)
    elif t.on_call and kind == "press" and _said(t) == "0":
        _to_a_person(t, t.asked)
    else:
        ANSWERS[t.asked.name](t, t.asked)


def _unanswerable(t: Turn) -> None:
    """A text that does not say whom it is from: nobody can be answered, so a person gets the words."""
    if t.event.kind in {"words", "media"}:
        t.held = (t.event,)
        _pass_on(t)


def _lifted(t: Turn) -> None:
    """We ring whoever rang us: somebody has lifted the phone, or a machine has."""
    t.do(Delivered(outbox=t.event.question))
    if t.event.value == "machine":
        t.tell("ring.machine", outside=_outside(t), phone=spelled(t.group.phone) if t.group else "")
        t.speak(ends=True)
    else:
        _begin(t)


def _begin(t: Turn) -> None:
    t.afresh()
    if t.on_call:
        t.tell("who.rung" if t.event.value == "out" else "who.hello", outside=_outside(t))
    _hold(t)
    if len(t.candidates) == 1:
        put(t, still(t, t.candidates[0]))
    else:
        ask(t, "")


def _outside(t: Turn) -> str:
    return t.group.outside_name if t.group else "Takepart"


def _hold(t: Turn) -> None:
    """A call brings nothing of its own before it is known who rings."""
    if not t.on_call:
        t.held = (*t.held, t.event)
        if len(t.held) > MOST_HELD:
            _give_up(t)


# Answers ---------------------------------------------------------------------------------------------
def _said(t: Turn) -> str:
    return (t.event.value if t.event.kind == "press" else t.event.text).strip(" .!#")


def _who(t: Turn, question: Question) -> None:
    said = _said(t)
    digits = re.sub(r"[\s.-]", "", said)
    one = _named(t, question, said)
    if one:
        _check(t, one.number, one)
    elif t.group and not t.candidates and not t.was.group and digits == t.group.number:
        ask(t, "")
    elif NUMBER.fullmatch(digits):
        _check(t, digits)
    elif _is_other(t, question):
        _pass_on(t)
        t.do(SomebodyElse())
        t.recognised = True
    elif t.event.kind != "words" or len(said.split()) > FEW_WORDS:
        _hold(t)
        if t.asked:
            put(t, question)
    else:
        _hold(t)
        _again(t, question, "who.unknown")


def _is_other(t: Turn, question: Question) -> bool:
    found = read(t, question)
    return bool(found and found.answer and found.answer.keys == (OTHER,))


def _named(t: Turn, question: Question, said: str) -> Candidate | None:
    """The one of them that was chosen or named: by name, or by the only group that one of them is in."""
    found = read(t, question) if question.options else None
    keys = found.answer.keys if found and found.answer else ()
    meant = [one for one in t.candidates if one.id in keys]
    wanted = said.casefold().removeprefix("join ")
    for names in (_called, _grouped):
        meant = meant or [one for one in t.candidates if wanted and wanted in names(one)]
    words = set(WORD.findall(wanted)) if len(said.split()) <= FEW_WORDS else set()
    meant = meant or [one for one in t.candidates if one.first_name.casefold() in words]
    return meant[0] if len(meant) == 1 else None


def _called(one: Candidate) -> tuple[str, str]:
    return one.name.casefold(), one.first_name.casefold()


def _grouped(one: Candidate) -> tuple[str, str]:
    return one.code.casefold(), one.keyed


def _check(t: Turn, number: str, one: Candidate | None = None, pin: str = "") -> None:
    """Look up whose number it is. What is wrong is not told, only that it was."""
    if one and not number:
        _here(t, one.id)
        return
    found = t.look("member number", f"{number} {pin}".strip())
    if found.closed:
        _give_up(t)
    elif found.asks_pin:
        t.afresh()
        put(t, question_of(t, PIN, "who.pin"))
        t.near = number
    elif found.member:
        _here(t, found.member)
    else:
        _again(t, question_of(t, WHO, number_of(t)), "who.wrong")


def _pin(t: Turn, question: Question) -> None:
    digits = re.sub(r"[\s.-]", "", _said(t))
    if digits.isdecimal():
        _check(t, t.was.near, pin=digits)
    else:
        _hold(t)
        t.near = t.was.near
        _again(t, question, "who.wrong")


def _still(t: Turn, question: Question) -> None:
    """An answer to whether a line is still somebody's; another of those who use it may be writing."""
    found = read(t, question)
    keys = found.answer.keys if found and found.answer else ()
    meant = next((one.id for one in t.candidates if one.id == question.id), "")
    if keys == ("yes",) and meant:
        _here(t, meant)
    elif keys == ("no",) and meant:
        t.do(NotTheirs(member=meant))
        _pass_on(t)
        t.tell("still.not theirs")
        t.at = None  # whoever has it now is greeted like any stranger, today already
        t.speak(ends=t.on_call)
    elif len(t.candidates) > 1 or not meant:
        _begin(t)
    else:
        _hold(t)
        _again(t, question, "again.first")


def _message(t: Turn, question: Question) -> None:
    """Somebody who can't say who they are leaves words for a person."""
    media = t.take_files("voice")
    words = t.event.text.strip()
    if not (media or words):
        t.tell("call.goodbye")
    else:
        t.do(Matter(kind="nobody known", words=words, media=media))
        t.tell("who.left")
    t.asked = None
    t.speak(ends=True)


def _here(t: Turn, member: str) -> None:
    t.do(Here(member=member, held=t.held))
    t.asked, t.held, t.recognised = None, (), True
    t.afresh()


def _again(t: Turn, question: Question, why: str) -> None:
    """Ask once more; after three wrong answers what came goes to a person."""
    if t.asked is None:
        return  # it was too much already
    t.tries += 1
    if t.tries >= TRIES:
        _give_up(t)
        return
    t.tell(why)
    put(t, question)


def _to_a_person(t: Turn, question: Question) -> None:
    """The key 0: put through to the helper of the one group that can be meant, else a message."""
    t.near = t.was.near
    if len({one.group for one in t.candidates}) > 1 or t.group is None:
        t.tell("help.which group")
        put(t, question)
    elif not handing.put_through(t):
        _give_up(t)


def _back_from_a_person(t: Turn, question: Question) -> None:
    t.near = t.was.near
    if t.event.value == f"{DIALLED}completed":
        t.tell("help.back")
        put(t, question)
        return
    t.tell("help.away", helper=handing.helper(t))
    _give_up(t)


def _silent(t: Turn) -> None:
    if t.asked and t.event.value.startswith(DIALLED):
        _back_from_a_person(t, t.asked)
        return
    t.silences += 1
    if t.silences >= TRIES or t.asked is None:
        t.tell("call.goodbye")
        t.asked = None
        t.speak(ends=True)
    elif t.asked.name == MESSAGE:
        _message(t, t.asked)
    else:
        t.near = t.was.near
        t.tell("call.silence")
        put(t, t.asked)


def _give_up(t: Turn) -> None:
    """It can't be found out who it is: what they sent, or say now, is kept for a person."""
    t.afresh()
    if t.on_call and t.group:
        text, spoken = t.phrase("who.message"), t.spoken("who.message")
        asked = Question(id=t.ids(), name=MESSAGE, text=text, spoken=spoken, takes=("text",))
        put(t, replace(asked, language=t.tongue("who.message")))
        return
    _pass_on(t)
    t.tell("who.kept")
    t.speak(ends=t.on_call)


def _pass_on(t: Turn) -> None:
    """What was held goes to a person, who may know whose it is."""
    here, words, media = t.event, [], list[str]()
    for held in t.held:
        t.event = held
        words.append(held.text.strip() or held.value)
        media += t.take_files("photo", "voice")
    t.event = here
    text = "\n".join(filter(None, words))
    if text or media:
        t.do(Matter(kind="nobody known", words=text, media=tuple(media)))
    t.asked, t.held = None, ()
    t.afresh()


ANSWERS: Mapping[str, Callable[[Turn, Question], None]] = {
    WHO: _who,
    PIN: _pin,
    STILL: _still,
    MESSAGE: _message,
}
