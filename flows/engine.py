"""One turn: an event meets a conversation; out come what to say and what to store. Pure.

The order of questions asked of an event is the whole of it: does it stop us, is it a key or button for
a question of its own, is it a word that works anywhere, does it answer what was asked, does it answer what
was asked before, or did it come by itself?
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from flows.effects import Acknowledge, Amend, Keep
from flows.events import Event, Question
from flows.library import Flows
from flows.looks import Seen
from flows.state import Answer, Candidate, Conversation, Done, Group, Member
from flows.turns import anywhere, calls
from flows.turns.frames import put_question
from flows.turns.helping import behalf, care, handing
from flows.turns.joining.door import agreed_now, at_the_door, comes_again, held_back
from flows.turns.keeping import add_photos, count_photos, keep_so_far
from flows.turns.lines import recognising
from flows.turns.practising import leave_nothing, practising
from flows.turns.receipts import receipt
from flows.turns.replies import (
    FEW_WORDS,
    Read,
    accept,
    ask_again,
    correct,
    fits,
    not_understood,
    note_album,
    pressed_meanwhile,
    read,
    stands,
    step_of,
)
from flows.turns.running import poll_question, run
from flows.turns.turning import MEMORY, Outcome, Turn
from flows.turns.unasked import unasked
from flows.turns.wishes.naming import heard_with
from flows.values import replace

__all__ = ["Outcome", "asked", "turn"]

NOTHING: Seen = {}
MANY_WORDS = 7  # so many words and more are no choice, even if one of them sounds like it


def turn(
    flows: Flows,
    conversation: Conversation,
    event: Event,
    group: Group | None,
    member: Member | None,
    now: datetime,
    ids: Callable[[], str],
    seen: Seen = NOTHING,
    candidates: Sequence[Candidate] = (),
) -> Outcome:
    """Take one event through the conversation. `group` and `member` are None while they are unknown.

    `seen` is what was looked up for it. Raise `Missing` where something more has to be looked up.
    `candidates` may be there, and it has to be known first who of them is.
    """
    t = Turn(
        flows=flows,
        was=conversation,
        event=event,
        group=group,
        member=member,
        now=now,
        ids=ids,
        seen=seen,
        candidates=candidates,
    )
    practised = practising(t)
    hear(t)
    keep_so_far(t)
    if practised:
        leave_nothing(t)
    care.mind(t)
    if t.on_call and event.kind != "hangup" and not t.recognised:
        calls.go_on(t)
    return t.outcome()


def asked(conversation: Conversation, question: Question) -> Conversation:
    """The conversation once a question of ours is on its way: current unless a flow runs."""
    if conversation.busy:
        return replace(conversation, before=(question, *conversation.before)[:MEMORY])
    before = (conversation.asked, *conversation.before) if conversation.asked else conversation.before
    frames = conversation.frames[:-1] if conversation.frame else conversation.frames
    return replace(
        conversation, asked=question, before=before[:MEMORY], tries=0, frames=frames, away=bool(frames)
    )


def hear(t: Turn) -> None:
    if recognising.under_way(t):
        recognising.hear(t)
        return
    comes_again(t)
    kind = t.event.kind
    if kind == "hangup":
        calls.end(t)
    elif anywhere.stopping(t) or (t.member is None and not t.on_call and not at_the_door(t)):
        return
    elif handing.taken(t):
        run(t)
    elif kind == "press" and handing.handed_over(t) and not t.on_call:
        pressed_meanwhile(t)
    elif held_back(t):
        return
    elif kind == "call":
        calls.begin(t)
    elif kind == "silence":
        calls.silence(t)
    elif kind == "edit":
        edited(t)
    elif kind == "unknown":
        t.tell("unknown")
        ask_again(t)
    else:
        answer(t)
        _take_up_held(t)
        if t.frame is None and not (t.says or t.lines or t.event.album or t.on_call or t.recognised):
            t.tell("later.nothing")  # nobody who writes is met by silence


def _take_up_held(t: Turn) -> None:
    """They have just agreed: what they sent before counts from now on."""
    here = t.event
    for event in agreed_now(t):
        t.event = event
        (edited if event.kind == "edit" else answer)(t)
    t.event = here


def answer(t: Turn) -> None:
    """What a person said, pressed or sent, in the order in which it can be meant."""
    if care.answered(t):
        ask_again(t)
        return
    behalf.read_back(t)
    heard_with(t)
    if _album(t) or calls.keys(t) or anywhere.handled(t) or _own_question(t):
        return
    _lapse(t)
    _unstick(t)
    question = t.question
    if question and t.on_call and calls.recorded(t, question):
        return
    if question is None:
        unasked(t)
        return
    if _vote_again(t, question):
        return
    found = read(t, question)
    if found and found.answer:
        accept(t, question, found)
    elif not _earlier(t, question, found):
        _unfitting(t, question, found)


def _album(t: Turn) -> bool:
    """A photo of an album whose others came before joins them, whatever is going on, and says nothing."""
    album, gift, name = t.album
    if not t.event.album or t.event.album != album or not gift:
        return False
    media = t.take_files("photo")
    for at, frame in enumerate(t.frames):
        if frame.gift == gift:
            t.frames[at] = add_photos(t, frame, name, media, t.event.text)
            if not frame.kept:
                if frame.asked and frame.asked.name == name and at == len(t.frames) - 1:
                    count_photos(t, frame.asked)
                return True
    t.do(Amend(id=gift, name=name, answer=Answer(text=t.event.text, media=media), add=True))
    return True


def _own_question(t: Turn) -> bool:
    """A button or key answers the question it came with, however late."""
    event = t.event
    current = t.question
    if event.kind != "press" or not event.question or (current and current.id == event.question):
        return False
    if t.group and any(one.id == event.question for one in t.group.briefs):
        t.do(Acknowledge(brief=event.question))
        t.tell("read.thanks")
        return True
    question = next((one for one in t.before if one.id == event.question), None) or _poll(t, event.question)
    if question is None:
        if t.on_call:
            return False
        t.tell("late.gone")
        ask_again(t)
        return True
    found = read(t, question)
    if found and found.answer and found.answer.keys != ("skip",):
        accept(t, question, found)
    else:
        t.tell("late.gone")
        ask_again(t)
    return True


def _poll(t: Turn, poll_id: str) -> Question | None:
    poll = t.group.poll(poll_id) if t.group else None
    return poll_question(t, poll) if poll else None


def _lapse(t: Turn) -> None:
    """Nobody is held for long to a question that need not be answered."""
    frame = t.frame
    step = step_of(t, frame) if frame and frame.asked else None
    if frame and step and step.lapses and t.was.at and t.now - t.was.at > timedelta(minutes=step.lapses):
        answers = {**frame.answers, step.name: Answer(keys=("skip",))}
        t.put_frame(replace(frame, asked=None, answers=answers))
        run(t)
        t.lines.clear()
        t.says.clear()


def _unstick(t: Turn) -> None:
    """Stuck at a question, somebody answers it after all, or says something else: then we are there again."""
    frame, question = t.frame, t.question
    stuck = frame and frame.flow == "stuck" and t.event.kind == "words"
    if stuck and question and not fits(t, question):
        t.frames.pop()
        t.tries = 0


def _vote_again(t: Turn, question: Question) -> bool:
    """After a ballot, while a comment may be given: a bare choice is a ballot, there or in another vote."""
    if question.closed or not question.optional or not t.before or not t.before[0].poll:
        return False
    if t.frame is None or t.frame.poll != t.before[0].poll:
        return False  # the vote is behind them: they are doing something else
    # "I like them all" is said of several choices as easily as it chooses them.
    most = FEW_WORDS if "several" in t.before[0].takes else MANY_WORDS - 1
    if t.event.kind != "words" or len(t.event.text.split()) > most:
        return False
    number = t.event.text.strip().isdigit()
    for vote in t.before[:1] if number else (t.before[0], *_unanswered(t)):
        found = fits(t, vote)
        if found and not found.rest:
            accept(t, vote, found)
            return True
    if number:
        t.tell("again.first")
        put_question(t, t.before[0])
        return True
    return False


def _unanswered(t: Turn) -> list[Question]:
    """The votes that were sent and have no ballot yet: their own words are no comment on another."""
    sent = ([t.asked] if t.asked else []) + list(t.before[1:])
    return [one for one in sent if one.poll and not t.votes.get(one.poll)]


def _earlier(t: Turn, question: Question, found: Read | None) -> bool:
    """What does not fit the current question may answer, or add to, the one before."""
    if found and found.near and len(t.event.text.split()) < MANY_WORDS:
        return False
    behind = t.before[:1]
    if t.event.kind == "words":  # a press names its own question
        for one in behind:
            late = fits(t, one)
            if late and one.id != question.id and stands(t, one):
                accept(t, one, late)
                if t.frame:
                    ask_again(t)
                return True
    return _add_words(t, behind[0] if behind else None) or _add_files(t)


def _add_words(t: Turn, before: Question | None) -> bool:
    """A second message of the same story: it belongs to the words given just before."""
    frame = t.frame
    words = t.event.text.strip()
    if (
        t.event.kind != "words"
        or not before
        or not frame
        or before.frame != frame.id
        or "text" not in before.takes
    ):
        return False
    had = frame.answers.get(before.name)
    if had is None or not had.text or len(words.split()) < FEW_WORDS:
        return False
    joined = replace(had, text=f"{had.text}\n{words}")
    t.put_frame(replace(frame, answers={**frame.answers, before.name: joined}))
    t.tell("added")
    ask_again(t)
    return True


def _add_files(t: Turn) -> bool:
    """A photo that comes a step late joins the ones before; any other file is met as if unasked."""
    frame = t.frame
    if t.event.kind != "media":
        return False
    for before in t.before if frame else ():
        if frame and before.frame == frame.id and "photo" in before.takes:
            media = t.take_files("photo")
            if media:
                t.put_frame(add_photos(t, frame, before.name, media, t.event.text))
                note_album(t, frame, before.name)
                t.tell("photos.added")
                if t.question:
                    put_question(t, t.question, merge=f"photos:{frame.id}")
                return True
    unasked(t)
    return True


def _unfitting(t: Turn, question: Question, found: Read | None) -> None:
    frame = t.frame
    step = step_of(t, frame) if frame else None
    telling = t.event.kind == "words" and len(t.event.text.split()) > FEW_WORDS
    if step and step.soft and telling and not t.on_call:
        t.frames.pop()  # a menu: whatever waits below is named once these words have their place
        unasked(t)
    elif step and step.many and t.event.kind == "words":
        _described(t, question)
    elif question.poll and telling and not (found and len(found.near) == 1):
        _comment(t, question)
    elif not t.event.text and t.event.kind == "words":
        t.tell("empty")
        ask_again(t)
    else:
        not_understood(t, question, found)


def _described(t: Turn, question: Question) -> None:
    """Words instead of "that is all": they say what the photos show."""
    frame = t.frames[-1]
    if frame.answers.get(question.name) is None or t.event.text.strip().isdigit():
        not_understood(t, question, None)
        return
    answers = {**frame.answers, "shows": Answer(text=t.event.text.strip())}
    t.put_frame(replace(frame, asked=None, answers=answers))
    t.remember(replace(question, id=t.ids(), name="shows", takes=("text",), options=()))
    run(t)


def _comment(t: Turn, question: Question) -> None:
    """Every poll takes free words as a comment, with or without a ballot."""
    gift, words = t.gift_id(), t.event.text.strip()
    without = t.unnamed(None)
    t.do(
        Keep(
            id=gift,
            flow="comment",
            text=words,
            audience="facilitators",
            poll=question.poll,
            unnamed=without,
        )
    )
    t.push_done(Done(kind="gift", id=gift, label=t.phrase("undo.comment")))
    t.tell("vote.comment", **receipt(t))
    ask_again(t)


def edited(t: Turn) -> None:
    """An earlier message now says something else: what came of it is corrected."""
    question = t.answered(t.event.of)
    if question is None:
        return
    if not stands(t, question):
        t.tell("late.gone")
        return
    found = read(t, question)
    if found is None or found.answer is None:
        t.tell("late.unclear")
        return
    if question.poll:
        accept(t, question, found)
    else:
        correct(t, question, found.answer)
