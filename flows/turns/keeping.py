"""Makes contributions out of answers: kept as they are given, so that nobody has to finish to be heard."""

from collections.abc import Sequence
from typing import Literal

from flows.effects import Keep, Matter, TakeBack
from flows.events import Option, Question
from flows.state import Answer, Done, Frame
from flows.steps import KeepStep, LoopStep
from flows.turns.practising import practising
from flows.turns.receipts import receipt
from flows.turns.turning import Turn
from flows.values import replace

Passed = Literal["not understood", "passed on", "whom to ask", "need", "wish"]


def keep(t: Turn, step: KeepStep) -> None:
    """Keep the running flow's answers. A second keep of the same run replaces the first."""
    frame = t.frames[-1]
    t.do(_gift(t, frame, step))
    t.put_frame(replace(frame, kept=True))
    t.push_done(Done(kind="gift", id=frame.gift, label=_called(t, frame)))


def keep_so_far(t: Turn) -> None:
    """Keep what was given in this turn, or what is left of it: many never come back to finish."""
    before = {frame.id: frame for frame in t.was.frames}
    stored = {effect.id for effect in t.effects if isinstance(effect, Keep)}
    for at, frame in enumerate(t.frames):
        old = before.get(frame.id)
        if old is not frame and t.nameless and holds(t, frame):
            frame = t.frames[at] = replace(frame, unnamed=True)
        if old is frame or frame.gift in stored:
            continue
        old = old if old and old.gift == frame.gift else None
        had = _as_it_stands(t, old) if old and gave(t, old) else None
        now = _as_it_stands(t, frame) if gave(t, frame) else None
        if now == had:
            continue
        if now:
            t.do(now)
            t.push_done(Done(kind="gift", id=frame.gift, label=_called(t, frame)))
        else:
            t.do(TakeBack(id=frame.gift))
            t.done = tuple(one for one in t.done if one.id != frame.gift)
            t.frames[at] = replace(frame, gift=t.gift_id())


def _called(t: Turn, frame: Frame) -> str:
    """What is said to be taken back: of a vote its ballot is one thing, and the words with it another."""
    if frame.poll:
        return t.phrase("undo.comment")
    return t.title(frame)


def _gift(t: Turn, frame: Frame, step: KeepStep) -> Keep:
    if frame.had:
        frame = replace(frame, answers={**frame.had, **frame.answers})
    chosen = frame.answers.get(step.audience_from)
    audience = chosen.keys[0] if chosen and chosen.keys and chosen.keys[0] != "skip" else step.audience
    return Keep(
        id=frame.gift,
        flow=step.flow,
        text=_words(t, frame, step),
        audience=audience,
        answers=_given(t, frame),
        lists=frame.lists,
        poll=frame.poll,
        unnamed=t.unnamed(frame),
    )


def _given(t: Turn, frame: Frame) -> dict[str, Answer]:
    steering = t.flow(frame).steering
    return {
        name: answer
        for name, answer in frame.answers.items()
        if answer.keys != ("skip",) and name not in steering and name != "ballot"  # that one may be secret
    }


def _words(t: Turn, frame: Frame, step: KeepStep) -> str:
    """The words of a contribution as one text: its main answers, or its rounds one by one."""
    names = step.main or t.flow(frame).given
    lines = [answer.text for name, answer in frame.answers.items() if name in names and answer.text]
    for rounds in frame.lists.values():
        for number, round_ in enumerate(rounds, 1):
            words = (
                answer.text if answer.keys == () else f"({answer.text})"
                for answer in round_.values()
                if answer.text
            )
            lines.append(f"{number}. {' '.join(words)}".rstrip())
    return "\n".join(lines)


def gave(t: Turn, frame: Frame) -> bool:
    """Whether this run holds words, recordings or photos of theirs that a keep is waiting for."""
    flow = t.flow(frame)
    if flow.keep is None:
        return False
    return bool(frame.lists) or _says_something(frame, flow.given)


def holds(t: Turn, frame: Frame) -> bool:
    """Whether something of theirs would be lost with this run: also words that came unasked."""
    return gave(t, frame) or _says_something(frame, t.flow(frame).main)


def _says_something(frame: Frame, names: Sequence[str]) -> bool:
    for name in names:
        answer = frame.answers.get(name) or frame.had.get(name)
        if answer and (answer.media or (answer.text and answer.keys != ("skip",))):
            return True
    return False


def keep_what_is_there(t: Turn, frame: Frame) -> None:
    """Keep words that came unasked and that nobody said what to do with; all else is kept already."""
    if holds(t, frame) and not gave(t, frame) and (now := _as_it_stands(t, frame)):
        t.do(now)
        t.push_done(Done(kind="gift", id=frame.gift, label=_called(t, frame)))


def for_a_person(
    t: Turn, kind: Passed, words: str, *, question: str = "", media: tuple[str, ...] = (), told: bool = True
) -> None:
    """Keep words for a person to read. Who was `told` of it can take them back like anything given."""
    if practising(t):
        return
    id_ = t.gift_id()
    without = t.unnamed(t.frames[-1] if t.frames else None)
    t.do(Matter(id=id_, kind=kind, words=words, question=question, media=media, unnamed=without))
    if told:
        t.push_done(Done(kind="gift", id=id_, label=t.phrase("undo.words")))


def _as_it_stands(t: Turn, frame: Frame) -> Keep | None:
    step = t.flow(frame).keep
    return _gift(t, _with_open_round(t, frame), step) if step else None


def _with_open_round(t: Turn, frame: Frame) -> Frame:
    """The run as if the round that is under way ended here."""
    for step in t.flow(frame).steps[frame.at :]:
        if isinstance(step, LoopStep) and not step.over and step.start < frame.at:
            return close_round(frame, step, again=False)
    return frame


def close_round(frame: Frame, step: LoopStep, *, again: bool) -> Frame:
    """Put one round's answers on its list; what only steers the repeat is no answer."""
    inside = step.inside
    kept = {
        name: answer
        for name, answer in {**frame.had, **frame.answers}.items()
        if name in inside and name not in step.until and answer.keys != ("skip",)
    }
    had = {name: answer for name, answer in frame.had.items() if name not in inside}
    rest = {name: answer for name, answer in frame.answers.items() if name not in inside}
    lists = frame.lists
    if any(answer.text or answer.media for answer in kept.values()):
        lists = {**lists, step.name: (*lists.get(step.name, ()), kept)}
    at = step.start if again else frame.at
    return replace(frame, answers=rest, had=had, lists=lists, trail=(), at=at)


def add_photos(t: Turn, frame: Frame, name: str, found: tuple[str, ...], caption: str) -> Frame:
    """Put more photos to an answer, each once."""
    had = frame.answers.get(name, Answer())
    media = (*had.media, *(one for one in found if one not in had.media))
    text = "\n".join(part for part in (had.text, caption) if part)
    return replace(frame, answers={**frame.answers, name: Answer(text=text, media=media)})


def count_photos(t: Turn, question: Question) -> None:
    """One confirmation for however many photos come together: a later one takes its place."""
    frame = t.frames[-1]
    had = len(frame.answers[question.name].media)
    t.tell("photos.one" if had == 1 else "photos.many", count=had, **receipt(t))
    done = Option(
        key="done", label=t.phrase("photos.done"), words=("done", "finished", "that's all", "no", "no more")
    )
    asked = replace(
        question, takes=("photo", "choice"), options=(done,), text=t.phrase("photos.more"), spoken=""
    )
    t.put_frame(replace(frame, asked=asked))
    t.line(asked.text)
    t.again = True
    t.speak(question=asked, merge=f"photos:{frame.id}")
