"""Runs the flow at the top of a conversation until it asks something or is over."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flows.ballots import ballot_of
from flows.events import Option, Question
from flows.polls import Poll
from flows.state import Answer, Done, Frame
from flows.steps import (
    AskStep,
    BallotStep,
    BeginStep,
    DoStep,
    GoStep,
    JumpStep,
    KeepStep,
    LoopStep,
    SayStep,
    SetStep,
    Step,
    UnlessStep,
)
from flows.turns import keeping
from flows.turns.deeds import DEEDS
from flows.turns.facts import (
    LISTED,
    OVER,
    brief,
    fill,
    holds,
    may_vote,
    open_polls,
    place,
    poll_at_hand,
    value,
)
from flows.turns.frames import finish, open_frame, put_question
from flows.turns.helping import supporting
from flows.turns.turning import Turn
from flows.values import replace

MOST_STEPS = 500  # a flow that runs longer in one turn goes round in circles


def run(t: Turn) -> None:
    """Go on in the running flow; what it opens or closes on its way runs too."""
    for _ in range(MOST_STEPS):
        frame = t.frame
        if frame is None or frame.asked is not None:
            return
        steps = t.flow(frame).steps
        at = _way(t, steps, frame.at)
        if at >= len(steps):
            finish(t)
            continue
        step = steps[at]
        t.put_frame(replace(frame, at=at + 1))
        PERFORM[type(step)](t, step)
    raise RuntimeError("a flow goes round in circles")


def _way(t: Turn, steps: Sequence[Step], at: int) -> int:
    """Where the flow goes on from here: past what does not hold, and along the jumps."""
    while at < len(steps):
        step = steps[at]
        if isinstance(step, JumpStep):
            at = step.to
        elif isinstance(step, UnlessStep):
            at = at + 1 if holds(t, step.condition) else step.to
        else:
            break
    return at


def _say(t: Turn, step: SayStep) -> None:
    t.line(*fill(t, step.text, aloud=t.on_call))


def _ask(t: Turn, step: AskStep) -> None:
    frame = t.frames[-1]
    if step.name in frame.answers and not step.many:
        return  # it came before it was asked for
    if not _carried(t, step):
        t.tell("bridge.photo")
        t.put_frame(replace(frame, answers={**frame.answers, step.name: Answer(keys=("skip",))}))
        return
    question = question_of(t, step)
    t.put_frame(replace(frame, asked=question))
    if step.many and step.name in frame.answers:
        keeping.count_photos(t, question)
        return
    put_question(t, question)


def _carried(t: Turn, step: AskStep) -> bool:
    """Whether this channel can carry any answer to it; words can be spoken, keys pressed."""
    only = step.takes[0] if len(step.takes) == 1 else ""
    return only not in {"photo", "place"} or only in t.event.can.takes


def question_of(t: Turn, step: AskStep) -> Question:
    """The question as this person gets it, in their language and form."""
    frame = t.frames[-1]
    text, spoken, tongue = fill(t, step.text)
    return Question(
        id=t.ids(),
        name=step.name,
        text=text,
        spoken=spoken,
        takes=step.takes,
        options=_choices(t, step),
        quiet=step.quiet,
        most=step.most,
        low=step.low,
        high=step.high,
        optional=step.optional,
        unlike=step.unlike,
        gift=frame.gift,
        frame=frame.id,
        review=step.review,
        loose=bool(step.lapses) or (step.soft and not t.flow(frame).over),
        language=tongue if tongue != t.language else "",
    )


def _choices(t: Turn, step: AskStep) -> tuple[Option, ...]:
    if step.listed:
        return LISTED[step.listed](t)
    return _flow_options(t, step.shelf) if step.shelf else _options(t, step)


def _options(t: Turn, step: AskStep) -> tuple[Option, ...]:
    form = t.language, t.form
    return tuple([choice.shown[form] for choice in step.choices if holds(t, choice.when)])


def _flow_options(t: Turn, shelf: str) -> tuple[Option, ...]:
    form = t.language, t.form
    return tuple([flow.entry[form] for flow in t.flows.shelves[shelf] if holds(t, flow.when)])


def _keep(t: Turn, step: KeepStep) -> None:
    keeping.keep(t, step)
    if step.text:
        t.line(*fill(t, step.text, aloud=t.on_call))


def _ballot(t: Turn, step: BallotStep) -> None:
    poll = poll_at_hand(t) or next(iter(open_polls(t)), None)
    if poll is None:
        return
    frame = replace(t.frames[-1], poll=poll.id)
    answer = frame.answers.get("ballot")
    if answer is None:
        question = poll_question(t, poll, step)
        t.put_frame(replace(frame, asked=question, places={**frame.places, poll.id: 1}))
        put_question(t, question)
        return
    t.put_frame(frame)
    count_ballot(t, poll, answer)


def count_ballot(t: Turn, poll: Poll, answer: Answer) -> None:
    """Count it, say what was counted and for which question."""
    if not may_vote(t, poll):
        t.tell("vote.not theirs", question=poll.question)
        return
    if supporting.vote(t, poll, answer):
        return
    if poll.closed:
        t.tell("vote.late", question=poll.question, outcome=poll.outcome)
        return
    had = t.votes.get(poll.id)
    changed = bool(had) and had != answer.keys
    t.vote(poll.id, answer.keys)
    t.chosen = answer.text
    t.push_done(Done(kind="ballot", id=poll.id, label=t.phrase("undo.ballot", question=poll.question)))
    name = "vote.changed" if changed else "vote.counted"
    t.tell(name, choice=answer.text, question=poll.question, closes=poll.closes)


def poll_question(t: Turn, poll: Poll, step: BallotStep | None = None) -> Question:
    """The poll as this run of a flow asks it."""
    text, spoken, tongue = fill(t, step.text) if step else ("", "", "")
    frame = t.frames[-1].id if t.frames else ""
    return replace(
        ballot_of(poll, text=text, spoken=spoken, frame=frame),
        language=tongue if tongue != t.language else "",
    )


def _begin(t: Turn, step: BeginStep) -> None:
    if not step.over:
        return
    frame = t.frames[-1]
    if step.over == "polls" and frame.poll:
        return  # one poll was named: only that one
    item = place(t, step.over)
    if not item:
        t.put_frame(replace(frame, at=step.end))
    elif step.over == "polls":
        t.put_frame(replace(frame, poll=item))
    elif step.over == "brief":
        found = brief(t)  # another that comes meanwhile is for afterwards
        t.put_frame(replace(frame, seen=found.id if found else ""))
    else:
        t.put_frame(replace(frame, seen=item))


def _loop(t: Turn, step: LoopStep) -> None:
    frame = t.frames[-1]
    if not step.over:
        over = holds(t, step.until)
        t.put_frame(keeping.close_round(frame, step, again=not over))
        return
    fresh = {
        name: answer for name, answer in frame.answers.items() if name not in step.inside and name != "ballot"
    }
    frame = replace(frame, answers=fresh, had={}, trail=())
    if frame.kept:  # the next round gives something of its own
        frame = replace(frame, gift=t.gift_id(), kept=False)
    if step.over == "polls":
        _next_poll(t, step, frame)
        return
    at = frame.places.get(step.over, 0) + 1
    more = at < len(OVER[step.over](t))
    t.put_frame(replace(frame, places={**frame.places, step.over: at}, at=step.start if more else frame.at))


def _next_poll(t: Turn, step: LoopStep, frame: Frame) -> None:
    """On to the next poll that has no ballot and was not passed over, unless this was about one only."""
    left = [poll.id for poll in open_polls(t) if not t.votes.get(poll.id) and poll.id not in frame.places]
    if left and not frame.single:
        frame = replace(frame, poll=left[0], at=step.start + 1)
    t.put_frame(frame)


def _set(t: Turn, step: SetStep) -> None:
    frame = t.frames[-1]
    t.put_frame(replace(frame, answers={**frame.answers, step.name: Answer(keys=(step.value,))}))


def _do(t: Turn, step: DoStep) -> None:
    DEEDS[step.deed](t, step.with_)


def _go(t: Turn, step: GoStep) -> None:
    name = step.flow or value(t, step.answer)
    t.frames.pop()
    if name in t.flows.current:
        open_frame(t, name)
    elif t.frames:
        t.away = True


PERFORM: Mapping[type[Step], Callable[[Turn, Any], None]] = {
    SayStep: _say,
    AskStep: _ask,
    KeepStep: _keep,
    BallotStep: _ballot,
    BeginStep: _begin,
    LoopStep: _loop,
    SetStep: _set,
    DoStep: _do,
    GoStep: _go,
}
