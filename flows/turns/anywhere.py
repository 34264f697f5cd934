"""The words that are understood in any flow, and stopping and starting again."""

from collections.abc import Callable, Mapping

from flows.effects import Blocked, Change, Matter, Narrow
from flows.events import Question
from flows.turns import calls, deeds
from flows.turns.frames import open_by_word, park
from flows.turns.helping import handing, supporting
from flows.turns.lines import linking
from flows.turns.replies import ask_again, fits, step_of
from flows.turns.running import run
from flows.turns.turning import MEMORY, Turn
from flows.turns.wishes import naming, pausing, things, wishing
from flows.understand import bare, command, optout
from flows.values import replace

ANYWHERE_STOP = {"stop", "/stop", "stopall", "unsubscribe"}  # where no carrier acts on the others
NARROW = {"just you", "only you", "just the facilitators"}


def stopping(t: Turn) -> bool:
    """Handle a word that stops or starts everything; True where it was one."""
    if t.member is None:
        return False
    if blocking(t):
        return True
    if t.member.way.closed and t.event.can.buttons:
        t.do(Blocked(now=False))  # who writes to us in an app blocks us no more
    word = opting(t)
    if word == "stop":
        stop(t)
        return True
    if word == "start" and (t.member.state == "stopped" or t.member.way.closed):
        start(t)
        return True
    if word == "start" and t.member.state == "paused":
        pausing.come_back(t, "")
        return True
    if t.event.kind == "optout" and word == "help":
        t.do(Matter(kind="help"))  # the carrier has answered; a person knows of it all the same
        return True
    return False


def blocking(t: Turn) -> bool:
    """Note that they blocked us in an app, or do so no more; True where it was that.

    It ends this one way, and is no stop word: whoever deletes the chat blocks it too.
    """
    event = t.event
    if event.kind != "optout" or event.value not in {"blocked", "unblocked"}:
        return False
    t.do(Blocked(now=event.value == "blocked"))
    if event.value == "blocked" and t.was.channel == event.channel:
        handing.end(t)  # it was here that a person wrote to them
    return True


def opting(t: Turn) -> str | None:
    """Whether the whole message says stop, start or help."""
    event = t.event
    if event.kind != "words":
        return event.value if event.kind == "optout" else None
    word = optout(event.text)
    if word == "stop" and event.channel != "sms":
        return "stop" if event.text.strip(" .!").casefold() in ANYWHERE_STOP else None
    return word


def stop(t: Turn) -> None:
    """End all that we start to this member, by every way; said once, where it may be said."""
    member = t.member
    if member is None:
        return
    already = member.state == "stopped"
    t.do(Change(to="stopped"))
    if member.state == "waiting":  # they ask to be let in no more
        t.do(Change(to="left"))
    calls.hold_recording(t)
    park(t)
    handing.end(t)
    if not already and confirms(t):
        t.tell("stopped")


def start(t: Turn) -> None:
    """Lift a stop: of the member, and of a line that stayed closed when they came back by another."""
    by_carrier = t.member is None or t.member.way.closed
    t.do(Change(to="active"))
    if t.member:
        t.member = replace(t.member, state="active")
    if confirms(t) or (t.event.kind == "words" and not by_carrier):
        t.tell("started")  # who had stopped by other words than the carrier's hears of it from us alone


def confirms(t: Turn) -> bool:
    """Whether our own confirmation goes out: never beside the carrier's, never to who blocked us."""
    if t.event.kind == "optout":
        return False
    return t.event.channel != "sms" or bool(t.group and t.group.replies_to_optout)


def handled(t: Turn) -> bool:
    """Act on a word that is understood anywhere; True where it was one."""
    if t.event.kind != "words":
        return False
    words = t.event.text.strip()
    question = t.question
    if words.casefold().strip(" .!") in NARROW and t.done and not (question and fits(t, question)):
        _narrow(t)
        return True
    if naming.asks_for_no_name(words) and t.member and not (question and fits(t, question)):
        naming.leave_out(t)
        ask_again(t)
        return True
    if t.member and bare(words)[-1:].isdigit() and _code(t):
        return True
    name = command(words)
    if name is None:
        return _opens_flow(t, words)
    own = {"LATER", "BACK", "MENU", "UNDO"} | (set() if t.rest else {"MORE"})
    if question and name in own and fits(t, question):
        return False  # the question's own option wins
    if t.review and name == "MORE":
        return False  # so does that to say more
    if t.member is None and name not in {"HELP", "BACK", "REPEAT", "MORE"}:
        return False
    if name != "REPEAT":
        calls.hold_recording(t)
    COMMANDS[name](t)
    run(t)
    return True


def _code(t: Turn) -> bool:
    if supporting.sent_code(t):
        return True
    if linking.sent_code(t):
        run(t)
        return True
    return False


def _opens_flow(t: Turn, words: str) -> bool:
    """A flow's own word opens it from anywhere; what was going on waits."""
    name = t.flows.triggers.get(bare(words))
    if t.member is None and not (name and _at_the_door_too(t, name)):
        return False
    if name is None and wishing.opens_with(t, words):
        run(t)
        return True
    if name is None or _answers(t):
        return False
    calls.hold_recording(t)
    if _menu_open(t) and t.frames[-1].flow != name:
        t.frames.pop()  # the word is the choice
        t.away = bool(t.frames)
    waiting = next((frame for frame in t.frames if frame.flow == name), None)
    if waiting and waiting is t.frames[-1] and t.away:
        things.list_anew(t)
        deeds.back(t, "")
    elif not (waiting and waiting is t.frames[-1]):
        open_by_word(t, name)
    elif not things.list_anew(t):
        ask_again(t)
    run(t)
    return True


def _at_the_door_too(t: Turn, name: str) -> bool:
    """Whether strangers may look at this while they are asked whether to join."""
    flow = t.flows.current[name]
    return bool(t.question and t.group and flow.door and flow.over)


def _answers(t: Turn) -> bool:
    """Whether a flow's word is an answer here. A menu of flows has no better claim to it than the flow."""
    return bool(t.question and not _menu_open(t) and fits(t, t.question))


def _menu_open(t: Turn) -> bool:
    step = step_of(t, t.frame) if t.frame else None
    return bool(step and step.shelf)


def _narrow(t: Turn) -> None:
    last = next((done for done in reversed(t.done) if done.kind == "gift"), None)
    if last:
        t.do(Narrow(id=last.id))
        t.tell("narrowed", what=last.label)
    ask_again(t)


def _menu(t: Turn) -> None:
    deeds.menu(t, "")


def _back(t: Turn) -> None:
    deeds.back(t, "")


def _later(t: Turn) -> None:
    if t.frame is None:
        t.before, t.asked = _behind(t), None
        t.tell("later.nothing")
        return
    deeds.later(t, "")


def _behind(t: Turn) -> tuple[Question, ...]:
    question = t.question
    return (question, *t.before)[:MEMORY] if question else t.before


def _undo(t: Turn) -> None:
    frame = t.frame
    if frame and frame.trail and not frame.kept:
        t.tell("undo.answer")
        deeds.back(t, "")
        t.put_frame(replace(t.frames[-1], had={}))
        return
    deeds.undo(t, "")
    ask_again(t)


def _repeat(t: Turn) -> None:
    if t.review:
        calls.say_again(t)
        return
    if t.question is None:
        t.tell("repeat.nothing")
    ask_again(t)


def _help(t: Turn) -> None:
    """Help, said together with what is going on: if words were asked for, HELP may have been one."""
    asked_for_words = t.question is not None and not t.question.closed
    if t.member is None:
        t.tell("help.stranger")
        ask_again(t)
        return
    handing.person(t, "")
    if t.on_call or handing.handed_over(t):
        if asked_for_words and not t.on_call:
            t.helped = True
            t.tell("help.if answer")
        return
    t.tell("help.words")
    if asked_for_words:
        t.tell("help.if answer")
    elif t.question and not _menu_open(t):  # the menu has just been named
        ask_again(t)


def _more(t: Turn) -> None:
    if not t.rest:
        t.tell("more.nothing")
        return
    t.line(t.rest)
    t.rest = ""


COMMANDS: Mapping[str, Callable[[Turn], None]] = {
    "MENU": _menu,
    "BACK": _back,
    "LATER": _later,
    "UNDO": _undo,
    "REPEAT": _repeat,
    "HELP": _help,
    "MORE": _more,
}
