"""Practice: a flow that says so keeps nothing, and what was sent in it is gone once it was answered.

Such a flow has no step that keeps anything (the checker of flow files sees to that); the rest is here.
"""

from flows.effects import Practised
from flows.state import Answer, Frame
from flows.turns.turning import Turn
from flows.values import replace


def practising(t: Turn) -> bool:
    """Whether what comes now is practice, below whatever lies over it."""
    for frame in reversed(t.frames):
        flow = t.flow(frame)
        if not flow.over:
            return flow.practice and not t.away
    return False


def leave_nothing(t: Turn) -> None:
    """What was sent to practise is dropped, unless it has begun something real after all."""
    before = {frame.id for frame in t.was.frames}
    if t.event.kind not in ("call", "hangup") and not any(_begun(t, frame, before) for frame in t.frames):
        t.do(Practised(media=tuple(t.fetched.values())))
    t.frames[:] = [_emptied(frame) if t.flow(frame).practice else frame for frame in t.frames]


def _emptied(frame: Frame) -> Frame:
    """A run of practice that only knows what was answered, and not with what."""
    answers = {name: Answer(keys=answer.keys or ("given",)) for name, answer in frame.answers.items()}
    return replace(frame, answers=answers)


def _begun(t: Turn, frame: Frame, before: set[str]) -> bool:
    flow = t.flow(frame)
    return frame.id not in before and not flow.over and not flow.practice
