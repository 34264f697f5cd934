"""What a flow's `do:` can do: a closed list, each a few lines."""

from collections.abc import Callable, Mapping

from flows.effects import Acknowledge, Change, Delivered, Prefer, TakeBack, Thank
from flows.events import Shown
from flows.state import Answer, Frame
from flows.steps import AskStep
from flows.turns.facts import brief
from flows.turns.frames import drop_overlays, open_frame, park, resume
from flows.turns.helping import care, handing, supporting
from flows.turns.joining import admitting, consenting
from flows.turns.keeping import for_a_person, gave, holds, keep_what_is_there
from flows.turns.lines import introducing, linking
from flows.turns.receipts import receipt
from flows.turns.turning import Turn
from flows.turns.wishes import choosing, naming, pausing, things, wishing
from flows.values import replace


def undo(t: Turn, _: str) -> None:
    """Take back the last thing that was kept or counted."""
    if not t.done:
        t.tell("undo.nothing")
        return
    last = t.done[-1]
    t.done = t.done[:-1]
    if last.kind == "ballot":
        t.vote(last.id, ())
        # Nobody is asked why they chose what they have just taken back.
        t.frames[:] = [frame for frame in t.frames if frame.poll != last.id]
    else:
        t.do(TakeBack(id=last.id))
        t.frames[:] = [frame for frame in t.frames if frame.gift != last.id]
    t.tell("undo.done", what=last.label)
    things.list_anew(t)


def later(t: Turn, _: str) -> None:
    """Keep the place; on a call, say goodbye."""
    drop_overlays(t)
    if t.frames and gave(t, t.frames[-1]):
        t.tell("later.kept", **receipt(t))
    park(t)
    t.tell("later" if t.frames or t.on_call else "later.nothing")
    if t.on_call:
        t.speak(ends=True)


def menu(t: Turn, _: str) -> None:
    drop_overlays(t)
    open_frame(t, "menu")


def back(t: Turn, _: str) -> None:
    """To the question before; from the first one, to what waits below."""
    drop_overlays(t)
    t.afresh()
    if t.away or not t.frames:
        if t.frames:
            t.tell("back.resumed", waiting=t.title(t.frames[-1]))
            resume(t)
        else:
            open_frame(t, "menu")
        return
    frame = t.frames[-1]
    if frame.trail:
        _step_back(t, frame)
    elif len(t.frames) > 1 and not holds(t, frame):
        t.frames.pop()
        t.tell("back.resumed", waiting=t.title(t.frames[-1]))
        resume(t)
    elif frame.asked:
        t.tell("back.first")
        resume(t)


def _step_back(t: Turn, frame: Frame) -> None:
    """Ask the question before anew; what was answered there counts until it is answered again."""
    step = t.flow(frame).steps[frame.trail[-1]]
    frame = replace(frame, at=frame.trail[-1], asked=None, trail=frame.trail[:-1])
    if not (isinstance(step, AskStep) and step.many):
        name = getattr(step, "name", "")
        answers = {key: answer for key, answer in frame.answers.items() if key != name}
        had = {key: answer for key, answer in frame.answers.items() if key == name}
        frame = replace(frame, answers=answers, had={**frame.had, **had})
    t.put_frame(frame)


def skip(t: Turn, _: str) -> None:
    """On to the next question; the one below stays without an answer."""
    drop_overlays(t)
    frame = t.frame
    if frame is None:
        t.asked = None
        return
    if frame.asked:
        answers = {**frame.answers, frame.asked.name: Answer(keys=("skip",))}
        t.put_frame(replace(frame, asked=None, answers=answers))


def change(to: str) -> Callable[[Turn, str], None]:
    def deed(t: Turn, _: str) -> None:
        t.do(Change(to=to))  # type: ignore[arg-type]  # the table below names Change's words
        if to in {"left", "erased"}:
            t.frames[:] = t.frames[-1:]
            t.before = t.heard = t.done = ()
            t.asked = None

    return deed


def acknowledge(t: Turn, _: str) -> None:
    found = brief(t)
    if found:
        t.do(Acknowledge(brief=found.id))


def thank(t: Turn, _: str) -> None:
    if t.frames[-1].seen:
        t.do(Thank(id=t.frames[-1].seen))


def show_files(t: Turn, what: str) -> None:
    """Send along the brief's attachments, or the photos and sound of what somebody shared."""
    if what == "brief":
        found = brief(t)
        shown: tuple[Shown, ...] = found.files if found else ()
    else:
        seen = t.frames[-1].seen
        shown = next((one.shown for one in (t.group.shared if t.group else ()) if one.id == seen), ())
    can = t.event.can
    t.show(*(one for one in shown if (can.audio_out if one.kind == "voice" else can.photos_out)))


def hear_back(t: Turn, _: str) -> None:
    """Play what was recorded in this flow so far, in its order."""
    frame = t.frames[-1]
    rounds = [answer for part in frame.lists.values() for round_ in part for answer in round_.values()]
    media = [one for answer in (*rounds, *frame.answers.values()) for one in answer.media]
    t.show(*(Shown(kind="voice", media=one, type="audio/wav") for one in media))


def start_again(t: Turn, _: str) -> None:
    """Throw away what this run holds and begin it anew."""
    frame = t.frames.pop()
    if frame.kept or gave(t, frame):
        t.do(TakeBack(id=frame.gift))
        t.done = tuple(one for one in t.done if one.id != frame.gift)
    open_frame(t, frame.flow)


def move(t: Turn, which: str) -> None:
    """Stay at this part of the brief, or go one back: the repeat goes on from there."""
    frame = t.frames[-1]
    by = {"stay": -1, "previous": -2}[which or "stay"]
    at = max(frame.places.get("brief", 0) + by, -1)
    t.put_frame(replace(frame, places={**frame.places, "brief": at}))


def slower(t: Turn, _: str) -> None:
    t.slower = True
    t.do(Prefer(name="slower", value="yes"))
    move(t, "stay")


def notice(t: Turn, _: str) -> None:
    """They pressed 1: what we rang for has arrived, and now it is said."""
    found = t.member.notice if t.member else None
    if found is None:
        return
    t.do(Delivered(outbox=found.id))
    t.frames.pop()
    if found.kind == "brief":
        open_frame(t, "brief", seen=found.subject)
    elif found.kind == "poll":
        open_frame(t, "vote", poll=found.subject)
    elif found.kind == "checkin":
        open_frame(t, "check in")
    elif found.kind == "alert":
        open_frame(t, "alert", seen=found.subject)
    else:
        t.line(found.text, language=found.language)
        open_frame(t, "menu")


def pass_on(t: Turn, _: str) -> None:
    """Hand words that nobody asked for to the facilitators."""
    answer = t.answer("words") or Answer()
    for_a_person(t, "passed on", answer.text, media=answer.media)


def hang_up(t: Turn, _: str) -> None:
    """Say goodbye on a call; elsewhere the flow just goes on."""
    if t.on_call:
        t.speak(ends=True)
        t.frames.clear()


def resume_waiting(t: Turn, _: str) -> None:
    """Leave this overlay and go on where things stopped."""
    drop_overlays(t)
    resume(t)


def forget_waiting(t: Turn, _: str) -> None:
    """Let go of the place; what was given there is kept already or kept now."""
    drop_overlays(t)
    for frame in t.frames:
        keep_what_is_there(t, frame)
    t.frames.clear()
    t.away = False


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    **introducing.DEEDS,
    "undo": undo,
    "later": later,
    "menu": menu,
    "back": back,
    "skip": skip,
    "stop": change("stopped"),
    "leave": change("left"),
    "erase": change("erased"),
    "acknowledge": acknowledge,
    "thank": thank,
    "show": show_files,
    "hear back": hear_back,
    "start again": start_again,
    "move": move,
    "slower": slower,
    "notice": notice,
    "pass on": pass_on,
    "hang up": hang_up,
    "resume": resume_waiting,
    "let go": forget_waiting,
    **admitting.DEEDS,
    **choosing.DEEDS,
    **linking.DEEDS,
    **care.DEEDS,
    **naming.DEEDS,
    **things.DEEDS,
    **consenting.DEEDS,
    **handing.DEEDS,
    **supporting.DEEDS,
    **pausing.DEEDS,
    **wishing.DEEDS,
}
