"""Words that may mean danger, in whatever comes in; and a contact who says that they have seen an alert."""

import re
from collections.abc import Callable, Mapping

from flows.effects import Amend, Enter, Flag, HelperSays, Keep, PassOn, Seen
from flows.state import Alerted
from flows.turns.turning import Turn
from flows.values import replace

SEEN = re.compile(r"\W*seen\W*(\d{0,6})\W*", re.IGNORECASE)


def mind(t: Turn) -> None:
    """Flag words that may mean danger. What is kept of them and what is answered stays as it is."""
    words = t.event.text
    watch = (t.group.watch if t.group else None) or t.flows.watch
    if not words or not watch.finds(words):
        return
    if any(isinstance(effect, HelperSays) for effect in t.effects):
        return  # what staff write to a member is no word of somebody in danger
    t.do(Flag(words=words.strip(), gift=_gift(t)))
    if t.member and t.member.way.write_anything and not t.member.way.shared:
        _say_first(t)


def _gift(t: Turn) -> str:
    """The contribution that these words are, or are to become."""
    kept = [effect.id for effect in t.effects if isinstance(effect, Keep | Amend | Enter)]
    return kept[-1] if kept else (t.frames[-1].gift if t.frames else "")


def _say_first(t: Turn) -> None:
    """Where nobody else reads or hears it: whom to reach now, before all else that is said."""
    own = t.group.rules.safe_words_reply if t.group else ""
    text, spoken = own or t.phrase("safety.words"), own or t.spoken("safety.words")
    first = t.says[0] if t.says else None
    if first is None or first.merge or not first.text or t.on_call:
        waiting, t.lines = t.lines, []
        t.line(text, spoken, t.group.language if own and t.group else t.tongue("safety.words"))
        t.speak()
        t.lines = waiting
        t.says.insert(0, t.says.pop())
        return
    t.says[0] = replace(first, text=f"{text}\n\n{first.text}")


def answered(t: Turn) -> bool:
    """SEEN with an alert's number, or a button under one; True where it was that."""
    which = _which(t)
    if which is None:
        return False
    found: Alerted | None = t.look("alert", which)
    if found is None:
        if not which:  # "seen" by itself is an ordinary word where nothing waits
            return False
        t.tell("alert.none")
    elif t.event.kind == "press" and t.event.value == "pass":
        pass_on(t, found.id)
    else:
        see(t, found)
    return True


def _which(t: Turn) -> str | None:
    """Which alert is meant: its id, its number, or "" for the only one; None where none is."""
    event = t.event
    if t.member is None or t.member.permission == "member" or t.on_call:
        return None
    if event.kind == "press" and event.value in ("seen", "pass"):
        return event.question or None
    if event.kind != "words" or event.text[:1] not in "sS ":
        return None
    found = SEEN.fullmatch(event.text[:40])
    return found[1] if found else None


def see(t: Turn, alert: Alerted) -> None:
    number = " ".join(alert.number) if t.on_call else alert.number
    if alert.seen_by:
        t.tell("alert.seen before", number=number, by=alert.seen_by)
        return
    t.do(Seen(alert=alert.id))
    t.tell("alert.seen", number=number)


def pass_on(t: Turn, alert: str) -> None:
    t.do(PassOn(alert=alert))
    t.tell("alert.passed on")


def see_heard(t: Turn, _: str) -> None:
    """On a call of ours about an alert: they will look at it."""
    found: Alerted | None = t.look("alert", t.frames[-1].seen)
    if found is None:
        t.tell("alert.none")
    else:
        see(t, found)


def pass_on_heard(t: Turn, _: str) -> None:
    """On a call of ours about an alert: they can't look at it now."""
    pass_on(t, t.frames[-1].seen)


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    "seen": see_heard,
    "pass alert on": pass_on_heard,
}
