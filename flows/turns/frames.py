"""Opens, parks, resumes and closes the runs of flows that make up a conversation."""

from collections.abc import Mapping

from flows.calendar import day_of, listened_by
from flows.events import Question
from flows.state import Answer, Frame
from flows.turns.keeping import holds, keep_what_is_there
from flows.turns.practising import practising
from flows.turns.turning import Turn

MOST_FRAMES = 5
AWAY: Mapping[str, Answer] = {"away": Answer(keys=("yes",))}  # what lies below was left before this began


def open_frame(
    t: Turn, name: str, *, answers: Mapping[str, Answer] | None = None, poll: str = "", seen: str = ""
) -> None:
    """Begin a flow on top of whatever runs; that waits below and nothing of it is lost."""
    flow = t.flows.current[name]
    if not flow.over:
        _clear_away(t)
    frame = Frame(
        id=t.ids(),
        flow=name,
        version=flow.version,
        answers=dict(answers or {}),
        gift=t.gift_id(),
        poll=poll,
        single=bool(poll),
        seen=seen,
    )
    t.frames.append(frame)
    t.away = False
    t.afresh()


def open_by_word(t: Turn, name: str) -> None:
    """Begin the flow whose word came. What they had left before that is not taken up after it."""
    left = t.away and t.flows.current[name].over
    if left:
        _clear_away(t)
    open_frame(t, name, answers=AWAY if left else None)


def _clear_away(t: Turn) -> None:
    """Drop what nobody would come back to; keep the words of what has to make room."""
    t.frames[:] = [frame for frame in t.frames if holds(t, frame) and not t.flow(frame).over]
    while len(t.frames) >= MOST_FRAMES:
        keep_what_is_there(t, t.frames.pop(0))


def drop_overlays(t: Turn) -> None:
    """Close what only lies over a flow: it is not come back to."""
    while t.frames and t.flow(t.frames[-1]).over:
        t.frames.pop()


def finish(t: Turn) -> None:
    """The running flow is over: back to what it lay over, or say what still waits."""
    ended = t.frames.pop()
    over = t.flow(ended).over
    t.tries = t.silences = 0
    if not t.frames:
        return
    if over and "away" not in ended.answers:
        resume(t)
        return
    t.away = True
    if not t.on_call:
        t.tell("waiting", waiting=t.title(t.frames[-1]))


def resume(t: Turn) -> None:
    """Go on in the flow that waits, with the question where it stopped."""
    t.away = False
    t.afresh()
    frame = t.frame
    if frame and frame.asked:
        put_question(t, frame.asked)


def park(t: Turn) -> None:
    """Leave the running flow where it is."""
    if t.frames:
        t.away, t.review = True, None


def put_question(t: Turn, question: Question, *, offset: int = 0, merge: str = "") -> None:
    """Say a question and wait for its answer; on a call open questions record what comes."""
    records = t.on_call and not question.closed
    if records:
        _promise(t)
    t.line(question.text, question.spoken, question.language)
    t.again = True
    t.speak(question=question, record=records, offset=offset, merge=merge)


def _promise(t: Turn) -> None:
    """Once in a call, before the tone: by when somebody listens, and how to reach help now."""
    if t.member is None or t.group is None or t.promised == t.event.session or practising(t):
        return
    t.promised = t.event.session
    by = listened_by(t.now, t.group.rules.listen_within_days, t.group.zone)
    t.tell("listened by", day=day_of(by, t.group.zone))
