"""With a name or without: what somebody gives carries their name unless they say otherwise."""

import re
from collections.abc import Callable, Mapping

from flows.effects import Unname
from flows.turns.receipts import receipt
from flows.turns.turning import Turn
from flows.understand import bare
from flows.values import replace

NAMELESS = frozenset(
    {
        "no name",
        "no names",
        "without name",
        "without my name",
        "without a name",
        "not my name",
        "leave my name out",
        "leave out my name",
        "anonymous",
        "anonymously",
    }
)
# Said with the gift: at its end, as a sentence or a line of its own.
_AT_THE_END = re.compile(
    r"(?<=[.!?…\n])\s*(no name|without my name|leave my name out)[\s.!]*$", re.IGNORECASE
)


def heard_with(t: Turn) -> None:
    """Take "No name" at the end of somebody's words for what it is: their wish, and no part of the words."""
    event = t.event
    if "name" not in event.text[-40:].casefold():  # one comparison for nearly all that people write
        return
    found = _AT_THE_END.search(event.text) if event.kind == "words" and t.member else None
    if found:
        t.event = replace(event, text=event.text[: found.start()].rstrip())
        t.nameless = True
        if t.frame:  # what is not understood of it goes to a person without their name too
            t.put_frame(replace(t.frame, unnamed=True))
        t.tell("unnamed.heard")
        t.tell("unnamed.limits", **receipt(t))


def asks_for_no_name(words: str) -> bool:
    return bare(words) in NAMELESS and "?" not in words


def leave_out(t: Turn, _: str = "") -> None:
    """Leave the name out of what is being given, or was given last."""
    frame = t.frame
    if frame and t.flow(frame).keep and not frame.unnamed and not frame.kept:
        t.put_frame(replace(frame, unnamed=True))
        t.tell("unnamed.ahead", what=t.title(frame))
        tell_limits(t)
        return
    last = next((done for done in reversed(t.done) if done.kind == "gift"), None)
    if last is None:
        t.tell("unnamed.nothing")
        return
    take_off(t, last.id)
    t.tell("unnamed", what=last.label)
    tell_limits(t)


def take_off(t: Turn, gift: str) -> None:
    """From now on no name stands beside what was given."""
    t.do(Unname(id=gift))
    for at, frame in enumerate(t.frames):
        if frame.gift == gift:
            t.frames[at] = replace(frame, unnamed=True)


def tell_limits(t: Turn) -> None:
    """Where it ends: who can find out all the same, and that a voice may be known."""
    t.tell("unnamed.limits", **receipt(t))
    if t.on_call or t.event.can.audio_out:
        t.tell("unnamed.voice")


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {"leave my name out": leave_out}
