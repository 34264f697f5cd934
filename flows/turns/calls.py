"""What only a call has: its beginning and end, silence, the keys * and 0, and hearing a recording back."""

from flows.events import Option, Question, Shown
from flows.state import Answer, Review
from flows.steps import MENU
from flows.turns.facts import spelled
from flows.turns.frames import drop_overlays, open_frame, put_question
from flows.turns.helping import behalf, handing, supporting
from flows.turns.keeping import holds
from flows.turns.lines.introducing import rang_once
from flows.turns.replies import Read, accept, read
from flows.turns.running import run
from flows.turns.turning import Turn
from flows.values import replace

SILENCES = 3


def begin(t: Turn) -> None:
    """A call comes in, or somebody answered when we rang."""
    t.afresh()
    t.away = bool(t.frames)
    if t.member is None:
        t.frames.clear()
        open_frame(t, "entering" if supporting.supported(t) else "door")
    elif t.event.value == "machine":
        _machine(t)
        return
    elif t.event.value == "out":
        open_frame(t, "ring")
    else:
        t.tell("call.hello", outside=_outside(t))
        behalf.read_back(t)
        _drop_passing(t)
        if t.frames:
            t.waiting_title = t.title(t.frames[-1])
            open_frame(t, "carry on")
        else:
            open_frame(t, "menu")
    run(t)


def _outside(t: Turn) -> str:
    return t.group.outside_name if t.group else "Takepart"


def end(t: Turn) -> None:
    """They hung up: what was said is kept, and the place with it."""
    hold_recording(t)
    _drop_passing(t)
    t.tries = t.silences = 0
    t.away = bool(t.frames)
    t.says.clear()
    t.lines.clear()
    rang_once(t)


def hold_recording(t: Turn) -> None:
    """A recording that was not confirmed yet is the answer all the same."""
    review, question = t.review, t.question
    if review and question:
        frame = t.frames[-1]
        answers = {**frame.answers, question.name: Answer(media=review.media)}
        t.put_frame(replace(frame, answers=answers, asked=None, trail=(*frame.trail, frame.at - 1)))
        t.remember(question)
    t.review = None


def _drop_passing(t: Turn) -> None:
    """Leave only places to come back to: not menus, not the door, not a call of ours."""
    drop_overlays(t)
    ways = {flow.name for flow in t.flows.shelves[MENU]}
    t.frames[:] = [frame for frame in t.frames if frame.flow in ways or holds(t, frame)]


def go_on(t: Turn) -> None:
    """A call never just falls silent: when nothing is asked any more there is the menu."""
    ends = any(say.ends or say.dial for say in t.says)
    if ends or t.question is not None:
        return
    if t.member is None:
        t.speak(ends=True)
        return
    open_frame(t, "menu")
    run(t)


def silence(t: Turn) -> None:
    """Nobody spoke or pressed a key: twice more the same, then goodbye."""
    if t.event.value.startswith("dialled:"):
        handing.after_person(t, answered=t.event.value == "dialled:completed")
        run(t)
        return
    if t.review and t.question:
        _after_silence(t, t.review, t.question)
        return
    t.silences += 1
    question = t.question
    if t.frame and t.frame.flow == "ring" and t.silences >= SILENCES - 1:
        _machine(t)
        return
    if t.silences >= SILENCES or question is None:
        t.tell("call.goodbye")
        t.speak(ends=True)
        return
    if question.optional and not question.closed:
        # No key can leave a recording out: pressed there, it only ends an empty one.
        t.tell("left out")
        accept(t, question, Read(answer=Answer(keys=("skip",))))
        return
    t.tell("call.silence")
    put_question(t, question)


def _machine(t: Turn) -> None:
    """Nobody is there to hear it: who rang, and the number to ring back on, no more.

    Only where the member allowed it for this phone, a machine is told whom it is for and what it is.
    """
    phone = spelled(t.group.phone) if t.group else ""
    member, notice = t.member, t.member.notice if t.member else None
    may = member and member.way.leave_message and not member.way.doubted
    if member and notice and may and t.event.value == "machine":
        known = f"ring.{notice.kind}"
        what = t.phrase(known if known in t.flows.phrases else "ring.other")
        t.tell(
            "ring.message", outside=_outside(t), phone=phone, member=member.name.partition(" ")[0], what=what
        )
    else:
        t.tell("ring.machine", outside=_outside(t), phone=phone)
    t.speak(ends=True)


def keys(t: Turn) -> bool:
    """`*` says it again, `0` opens the way out, "more" reads further choices; True where it was one."""
    if t.event.kind != "press" or not t.on_call:
        return False
    value = t.event.value
    if value == "*":
        say_again(t)
        return True
    if value == "0":
        _way_out(t)
        return True
    if value == "more" and t.question:
        put_question(t, t.question, offset=int(t.event.text or 0))
        return True
    return False


def say_again(t: Turn) -> None:
    """What was asked last, once more: what is to become of a recording, or the question itself."""
    if t.question and t.review:
        _ask_review(t, t.question)
    elif t.question:
        put_question(t, t.question)


def _way_out(t: Turn) -> None:
    """The key 0: other choices, and a person. A recording that was being made is kept."""
    hold_recording(t)
    drop_overlays(t)
    open_frame(t, "zero" if t.member else "zero at the door")
    run(t)


# Recordings ----------------------------------------------------------------------------------------
def recorded(t: Turn, question: Question) -> bool:
    """A recording on a call is played back and confirmed before it counts; True where that goes on."""
    had = t.review
    if question.closed:
        return False
    if t.event.kind == "media":
        if t.event.value in {"*", "0"} and not any(one.seconds > 1 for one in t.event.attachments):
            return False
        media = (*(had.media if had else ()), *t.take_files("voice"))
        if not media:
            return False
        if not question.review:
            return False
        t.afresh()
        t.review = Review(media=media, stage="choose" if t.event.value else "finished")
        if t.event.value == "0":  # they need help now
            _way_out(t)
        else:
            _ask_review(t, question)
        return True
    if had is None:
        return False
    _answer_review(t, had, question)
    return True


def _ask_review(t: Turn, question: Question) -> None:
    stage = t.review.stage if t.review else "choose"
    names = ("yes", "go on") if stage == "finished" else ("keep", "hear", "more", "again")
    options = tuple(
        Option(key=name, label=t.phrase(f"review.{name}"), spoken=t.spoken(f"review.{name}"))
        for name in names
    )
    text, tongue = t.phrase(f"review.{stage}"), t.tongue(f"review.{stage}")
    asked = Question(id=question.id, name="review", text=text, takes=("choice",), language=tongue)
    put_question(t, replace(asked, options=options))


def _answer_review(t: Turn, review: Review, question: Question) -> None:
    names = ("yes", "go on") if review.stage == "finished" else ("keep", "hear", "more", "again")
    options = tuple(Option(key=name, label=t.phrase(f"review.{name}"), words=(name,)) for name in names)
    found = read(t, Question(id=question.id, name="review", text="", takes=("choice",), options=options))
    choice = found.answer.keys[0] if found and found.answer and found.answer.keys else ""
    _review(t, review, question, choice)


def _review(t: Turn, review: Review, question: Question, choice: str) -> None:
    if choice in {"go on", "more"}:
        t.tell("review.speak")
        t.speak(question=question, record=True)
    elif choice == "yes":
        t.review = replace(review, stage="choose")
        _ask_review(t, question)
    elif choice == "hear":
        t.show(*(Shown(kind="voice", media=one, type="audio/wav") for one in review.media))
        _ask_review(t, question)
    elif choice == "again":
        t.review = None
        put_question(t, question)
    elif choice == "keep":
        accept(t, question, Read(answer=Answer(media=review.media)))
    else:
        _ask_review(t, question)


def _after_silence(t: Turn, review: Review, question: Question) -> None:
    """Silence has finished, and silence keeps."""
    if review.stage == "finished":
        _review(t, review, question, "yes")
    else:
        accept(t, question, Read(answer=Answer(media=review.media)))
