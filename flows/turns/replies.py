"""Takes what came in as the answer to a question, or asks again: kindly, then differently, then lets go."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flows.effects import Amend
from flows.events import Option, Question
from flows.state import Answer, Frame
from flows.steps import AskStep
from flows.turns.frames import open_frame, put_question
from flows.turns.helping import handing
from flows.turns.keeping import add_photos, count_photos, for_a_person
from flows.turns.running import count_ballot, poll_question, run
from flows.turns.turning import Turn
from flows.turns.wishes import wishing
from flows.understand import understand
from flows.values import replace

SKIP = {"skip", "pass", "rather not", "rather not say", "nothing", "no comment", "no thanks", "no thank you"}
FEW_WORDS = 3  # so many words and more are somebody telling us something, not a choice misspelt
MISSES = 3
MARKS = re.compile(r"[^\w\s']")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """How a reply reads: an answer, or the options that it may have meant."""

    answer: Answer | None = None
    near: tuple[str, ...] = ()
    rest: str = ""


def read(t: Turn, question: Question) -> Read | None:
    """The event as an answer to this question; None where it does not fit."""
    event = t.event
    if event.kind == "press":
        return _press(t, question)
    if event.kind == "media":
        return _media(t, question)
    if event.kind == "place" and "place" in question.takes:
        return Read(answer=Answer(text=event.value))
    if event.kind in {"words", "edit"}:
        return _words(t, question)
    return None


def _press(t: Turn, question: Question) -> Read | None:
    value = t.event.value
    if value == "skip" and question.optional:
        return Read(answer=Answer(keys=("skip",)))
    for option in question.quiet:
        if value in option.words:
            return Read(answer=Answer(keys=(option.key,)))
    if not t.on_call:
        pressed = {option.key for option in question.options if option.key == value}
        if pressed and question.poll and "several" in question.takes:
            # Each button puts its choice in or takes it out; the last one stays.
            pressed = pressed ^ set(t.votes.get(question.poll, ())) or pressed
        return _chosen(question, tuple(option for option in question.options if option.key in pressed))
    if "several" in question.takes:
        picked = [option for place in value.split() for option in _by_position(question, place)]
        return _chosen(question, tuple(dict.fromkeys(picked)))
    if question.options:
        return _chosen(question, _by_position(question, value))
    return _understood(t, question, value) if question.closed else None


def _by_position(question: Question, value: str) -> tuple[Option, ...]:
    """The key pressed is a place in the menu; on a scale it is the same as the step."""
    at = int(value) if value.isdigit() else 0
    return question.options[at - 1 : at] if at > 0 else ()


def _chosen(question: Question, options: Sequence[Option], rest: str = "") -> Read | None:
    if not options or (question.most and len(options) > question.most):
        return None
    text = ", ".join([one.label for one in options])
    return Read(answer=Answer(text=text, keys=tuple([one.key for one in options])), rest=rest)


def _media(t: Turn, question: Question) -> Read | None:
    """A photo or a recording, where the question takes one; speech may stand for words."""
    takes = set(question.takes)
    kinds = [kind for kind in ("photo", "voice") if kind in takes]
    if "text" in takes and t.on_call:
        kinds.append("voice")
    if not any(one.kind in kinds for one in t.event.attachments):
        return None
    return Read(answer=Answer(text=t.event.text.strip(), media=t.take_files(*kinds)))


def _words(t: Turn, question: Question) -> Read | None:
    words = t.event.text.strip()
    if not words:
        return None
    if question.unlike or question.optional or question.quiet:
        plain = MARKS.sub("", words).casefold().strip()
        for option in question.quiet:
            if plain in option.words:
                return Read(answer=Answer(keys=(option.key,)))
        if plain in question.unlike:
            return None
        if question.optional and plain in SKIP:
            return Read(answer=Answer(keys=("skip",)))
    if question.closed and t.was.near and _is_yes(t, words):
        meant = _chosen(question, tuple(one for one in question.options if one.key == t.was.near))
        if meant:
            return meant
    return _understood(t, question, words)


def _is_yes(t: Turn, words: str) -> bool:
    asked = Question(id="", name="", text="", takes=("yes-no",))
    reading = understand(words, asked, today=t.now.date())
    return bool(reading and reading.sure and reading.keys == ("yes",))


def _understood(t: Turn, question: Question, words: str) -> Read | None:
    reading = understand(words, question, today=t.now.date(), by_text=not t.event.spoken)
    if reading is None:
        return Read(answer=Answer(text=words)) if "text" in question.takes else None
    if not reading.sure:
        return Read(answer=Answer(text=words)) if "text" in question.takes else Read(near=reading.keys)
    if reading.keys:
        return _chosen(question, [one for one in question.options if one.key in reading.keys], reading.rest)
    if reading.number is not None:
        return Read(answer=Answer(text=f"{reading.number:g}", number=reading.number))
    if reading.date is not None:
        return Read(answer=Answer(text=reading.date.isoformat()))
    return Read(answer=Answer(text=words)) if "text" in question.takes else None


def fits(t: Turn, question: Question) -> Read | None:
    """The event as a sure answer to a closed question, else None."""
    found = read(t, question) if question.options else None
    return found if found and found.answer and found.answer.keys else None


# Taking an answer ----------------------------------------------------------------------------------
def accept(t: Turn, question: Question, found: Read) -> None:
    """Store an answer where its question belongs and go on from there."""
    answer = found.answer or Answer()
    t.afresh()
    t.remember(question)
    frame = t.frame
    if frame and frame.asked and frame.asked.id == question.id:
        _accept_here(t, frame, question, answer)
    elif question.poll:
        _accept_ballot(t, question, answer)
    elif not wishing.begins(t, question, answer):
        correct(t, question, answer)
        return
    if found.rest and question.poll:
        _accept_comment(t, found.rest)
    run(t)


def _accept_here(t: Turn, frame: Frame, question: Question, answer: Answer) -> None:
    step = step_of(t, frame)
    if step and step.many:
        _accept_photos(t, frame, question, answer)
        return
    if step and step.echo and question.closed and answer.keys not in {(), ("skip",)} and not step.soft:
        t.tell("echo", question=question.text, choice=answer.text)
    trail = (*frame.trail, frame.at - 1)
    answers = {**frame.answers, question.name: answer}
    had = {name: old for name, old in frame.had.items() if name != question.name}
    t.put_frame(replace(frame, answers=answers, had=had, asked=None, trail=trail[-20:]))
    if question.poll:
        # the ballot's own step counts it
        t.put_frame(replace(t.frames[-1], at=frame.at - 1, trail=frame.trail))


def _accept_ballot(t: Turn, question: Question, answer: Answer) -> None:
    """A ballot by a late button, or for a poll that was sent out of the blue."""
    if t.asked and t.asked.id == question.id:
        t.asked = None
    poll = t.group.poll(question.poll) if t.group else None
    if poll is None:
        t.tell("late.gone")
        return
    if t.frame or poll.closed or t.member is None:
        count_ballot(t, poll, answer)
        return
    open_frame(t, "vote", poll=poll.id, answers={"ballot": answer})


def _accept_comment(t: Turn, words: str) -> None:
    """Words that came with a ballot are its comment."""
    if t.frames and t.frames[-1].poll and not t.away:
        answers = {**t.frames[-1].answers, "comment": Answer(text=words)}
        t.put_frame(replace(t.frames[-1], answers=answers))


def _accept_photos(t: Turn, frame: Frame, question: Question, answer: Answer) -> None:
    """Another photo, or the word that those were all."""
    if answer.media:
        together = bool(t.event.album) and t.event.album == t.album[0]
        t.put_frame(add_photos(t, frame, question.name, answer.media, answer.text))
        note_album(t, frame, question.name)
        if not together:
            count_photos(t, question)
        return
    t.put_frame(replace(frame, asked=None, at=frame.at, trail=(*frame.trail, frame.at - 1)))
    if not frame.answers.get(question.name):
        answers = {**frame.answers, question.name: Answer(keys=("skip",))}
        t.put_frame(replace(t.frames[-1], answers=answers))


def pressed_meanwhile(t: Turn) -> None:
    """While a person helps them a vote's button counts as ever; nothing else is asked."""
    poll = t.group.poll(t.event.question) if t.group else None
    found = read(t, poll_question(t, poll)) if poll else None
    if poll and found and found.answer:
        count_ballot(t, poll, found.answer)
    else:
        t.tell("handover.press", helper=handing.helper(t))


def note_album(t: Turn, frame: Frame, name: str) -> None:
    if t.event.album:
        t.album = t.event.album, frame.gift, name


def step_of(t: Turn, frame: Frame) -> AskStep | None:
    """The step that asked the question which is open in this run."""
    steps = t.flow(frame).steps
    step = steps[frame.at - 1] if 0 < frame.at <= len(steps) else None
    return step if isinstance(step, AskStep) else None


# Corrections ---------------------------------------------------------------------------------------
def stands(t: Turn, question: Question) -> bool:
    """Whether another answer to a question that is behind us has a place to go to: a menu's has none."""
    running = any(_answered_in(frame, question) for frame in t.frames)
    return bool(question.poll) or running or _kept(t, question)


def _answered_in(frame: Frame, question: Question) -> bool:
    return frame.id == question.frame and not frame.kept and question.name in frame.answers


def _kept(t: Turn, question: Question) -> bool:
    return bool(question.gift) and any(done.id == question.gift for done in t.done)


def correct(t: Turn, question: Question, answer: Answer) -> None:
    """Another answer to a question that is behind us: in the run, or in what was kept of it."""
    for at, frame in enumerate(t.frames):
        if _answered_in(frame, question):
            corrected = replace(answer, media=answer.media or frame.answers[question.name].media)
            t.frames[at] = replace(frame, answers={**frame.answers, question.name: corrected})
            break
    else:
        if not _kept(t, question):
            t.tell("late.gone")
            return
        t.do(Amend(id=question.gift, name=question.name, answer=answer))
    t.tell("corrected", choice=answer.text)


# Not understood ------------------------------------------------------------------------------------
def not_understood(t: Turn, question: Question, found: Read | None) -> None:
    """First the choices again, then in another way; the third time the words go to the helper."""
    t.tries += 1
    if t.tries == 1:
        _pass_on(t, t.missed)
        t.missed = ()
    t.missed = (*t.missed, t.event.text.strip())
    if t.tries >= MISSES:
        _give_up(t, question, t.missed)
        return
    if t.tries == 1:
        handing.forgotten(t)
    near = [one for one in question.options if found and one.key in found.near]
    if len(near) > 1:
        t.tell("unsure.several", first=near[0].label, second=near[1].label)
    elif near and t.tries == 1:
        t.tell("unsure.one", choice=near[0].label)
        t.near = near[0].key
    elif question.takes == ("photo",):
        t.tell("again.photo")
    elif t.tries == 1 or not question.options:
        t.tell("again.first")
    else:
        t.tell("again.second")
    put_question(t, question)


def _pass_on(t: Turn, missed: tuple[str, ...]) -> None:
    """Words that answered nothing, of somebody who then went on to something else: a person reads them."""
    told = [words for words in missed if len(words.split()) >= FEW_WORDS]
    if told and t.member:
        for_a_person(t, "not understood", "\n".join(told), told=False)


def _give_up(t: Turn, question: Question, missed: tuple[str, ...]) -> None:
    """The words go to the helper, and the member goes on; a stranger is told how to begin anew."""
    if t.member is None:
        t.tell("door.stuck")
        t.frames.clear()
        t.tries = 0
        if t.on_call:
            t.speak(ends=True)
        return
    for_a_person(t, "not understood", "\n".join(filter(None, missed)), question=question.text)
    t.missed = ()
    open_frame(t, "stuck")
    run(t)


def ask_again(t: Turn) -> None:
    """The current question once more, where there is one and it has not just been put."""
    if t.question and not t.again:
        put_question(t, t.question)
