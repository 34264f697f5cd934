"""What comes by itself: a ballot long after its question, a photo, words that nobody asked for."""

from flows.events import Ask, Question
from flows.state import Answer
from flows.turns import deeds
from flows.turns.frames import open_frame, put_question
from flows.turns.helping import handing
from flows.turns.replies import accept, ask_again, fits, note_album
from flows.turns.running import run
from flows.turns.turning import Turn
from flows.understand import bare, courtesy

BEGINS = {"start", "unstop"}  # from who had not stopped: they want to begin


def unasked(t: Turn) -> None:
    """Nothing was asked: an answer to an open vote, or something to keep; never thrown away."""
    if t.member is None:
        ask_again(t)
        return
    if t.event.kind == "words" and _late_ballot(t):
        return
    if t.event.kind == "press" or bare(t.event.text) in BEGINS:
        deeds.menu(t, "")
        run(t)
        return
    if t.event.kind == "words" and courtesy(t.event.text):
        t.tell("courtesy")
        return
    photos = t.take_files("photo")
    if photos:
        open_frame(t, "photo", answers={"photos": Answer(text=t.event.text.strip(), media=photos)})
        note_album(t, t.frames[-1], "photos")
        _remember_unasked(t, "photos", "photo")
    else:
        words = t.event.text.strip() or t.event.value
        media = t.take_files("voice")
        if not words and not media:
            t.tell("empty")
            return
        handing.forgotten(t)
        open_frame(t, "stray", answers={"words": Answer(text=words, media=media)})
        _remember_unasked(t, "words", "text")
    run(t)


def _remember_unasked(t: Turn, name: str, takes: Ask) -> None:
    """What came by itself can be corrected like an answer, by editing the message."""
    frame = t.frames[-1]
    t.remember(
        Question(id=t.ids(), name=name, text="", takes=("text", takes), gift=frame.gift, frame=frame.id)
    )


def _late_ballot(t: Turn) -> bool:
    """A bare choice long after the question: for the one vote that it fits; if two could take it we ask."""
    behind = [question for question in t.before if question.poll]
    fitting = [(question, found) for question in behind if (found := fits(t, question))]
    if len(fitting) > 1 and fitting[0][0].poll != fitting[1][0].poll and len(t.event.text.split()) == 1:
        t.tell("which vote", first=fitting[0][0].text, second=fitting[1][0].text)
        put_question(t, fitting[0][0])
        t.asked = fitting[0][0]
        return True
    for question, found in fitting[:1]:
        accept(t, question, found)
    return bool(fitting)
