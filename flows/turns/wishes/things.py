"""What somebody gave, listed for themselves, the newest first: any of it can be taken back."""

from collections.abc import Callable, Mapping, Sequence

from flows.effects import AskAgain, Matter, Narrow, TakeBack, Vote
from flows.events import Option, Shown
from flows.state import Answer, Thing
from flows.turns.receipts import receipt
from flows.turns.turning import Turn
from flows.turns.wishes import naming
from flows.values import replace

PAGE = 4  # in writing; aloud it is one at a time
FEW, MANY = 24, 300  # letters of its words, in the list and by itself
MORE, ENOUGH = "more", "enough"


def all_of_them(t: Turn) -> Sequence[Thing]:
    """What there still is of what they gave, after what this turn has taken back."""
    gone = {one.id for one in t.effects if isinstance(one, TakeBack)}
    gone |= {one.poll for one in t.effects if isinstance(one, Vote) and not one.keys}
    return [one for one in t.look("things") if one.id not in gone]


def _page(t: Turn) -> tuple[Sequence[Thing], bool]:
    """What is listed now, and whether there is more."""
    size = 1 if t.on_call else PAGE
    found = all_of_them(t)
    first = min(t.frames[-1].places.get("page", 0) * size, max(len(found) - 1, 0) // size * size)
    return found[first : first + size], len(found) > first + size


def listed(t: Turn) -> tuple[Option, ...]:
    """One page as choices."""
    found, more = _page(t)
    options = [
        Option(
            key=one.id,
            label=_capital(_line(t, one)),
            spoken=t.phrase("things.for", what=_what(t, one), day=one.day),
        )
        for one in found
    ]
    older = Option(
        key=MORE,
        label=t.phrase("things.more"),
        spoken=t.spoken("things.more"),
        words=("more", "next", "older"),
    )
    enough = Option(
        key=ENOUGH,
        label=t.phrase("things.enough"),
        spoken=t.spoken("things.enough"),
        words=("enough", "that's all", "done", "no"),
    )
    return (*options, older, enough) if more else (*options, enough)


def _line(t: Turn, one: Thing) -> str:
    words = " ".join(one.words.split())
    if not words or one.kind == "ballot":
        return t.phrase("things.bare", what=_what(t, one), day=one.day)
    shown = words if len(words) <= FEW else words[:FEW].rstrip() + "…"
    return t.phrase("things.line", what=_what(t, one), day=one.day, words=shown)


def _what(t: Turn, one: Thing) -> str:
    """What it is called: by its flow, or as UNDO calls it."""
    if one.kind == "ballot":
        return t.phrase("undo.ballot", question=one.words)
    if one.kind == "words" or one.flow not in t.flows.current:
        return t.phrase("undo.comment" if one.flow == "comment" else "undo.words")
    return t.flows.current[one.flow].title.written[t.language, t.form].text


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def chosen(t: Turn) -> Thing | None:
    """The one that they have picked."""
    wanted = t.key("thing")
    return next((one for one in all_of_them(t) if one.id == wanted), None) if wanted else None


def told(t: Turn) -> str:
    """The one that they have picked, in so many words as it takes to know it again."""
    one = chosen(t)
    if one is None:
        return ""
    words = "" if t.on_call or one.kind == "ballot" else one.words
    more = "…" if len(words) > MANY else ""
    lines = [_capital(t.phrase("things.bare", what=_what(t, one), day=one.day)) + "."]
    lines += [t.phrase("things.words", words=words[:MANY].rstrip() + more)] if words else []
    lines += [t.phrase(f"things.to {one.audience}")] if one.audience and not one.hidden else []
    lines += [t.phrase("things.unnamed")] if one.unnamed else []
    lines += [t.phrase("things.hidden", why=t.phrase(f"hidden.{one.hidden}"))] if one.hidden else []
    return " ".join(lines)


# What can be done with it ------------------------------------------------------------------------------
def more(t: Turn, _: str) -> None:
    """On to the ones before."""
    frame = t.frames[-1]
    t.put_frame(replace(frame, places={**frame.places, "page": frame.places.get("page", 0) + 1}))


def take_back(t: Turn, _: str) -> None:
    """Take back the one that they have picked, whatever it is."""
    one = chosen(t)
    if one is None:
        return
    what = _what(t, one)
    if one.kind == "ballot":
        t.vote(one.id, ())
    else:
        t.do(TakeBack(id=one.id))
    t.done = tuple(done for done in t.done if done.id != one.id)
    here = t.frames[-1]
    t.frames[:-1] = [frame for frame in t.frames[:-1] if one.id not in (frame.gift, frame.poll)]
    t.tell("undo.done", what=what)
    if one.audience not in ("", "facilitators"):
        t.tell("things.seen")
    if not all_of_them(t):
        t.put_frame(replace(here, answers={**here.answers, "thing": Answer(keys=(ENOUGH,))}))


def list_anew(t: Turn) -> bool:
    """Have the list put again as it is by now, where it stands open; whether it does."""
    found = False
    for at, frame in enumerate(t.frames):
        if frame.flow == "things" and frame.asked and frame.asked.name == "thing":
            over = {} if all_of_them(t) else {"thing": Answer(keys=(ENOUGH,))}
            t.frames[at] = replace(frame, at=frame.at - 1, asked=None, answers={**frame.answers, **over})
            found = at == len(t.frames) - 1
    return found


def narrow(t: Turn, _: str) -> None:
    """From now on only the facilitators read it."""
    one = chosen(t)
    if one:
        t.do(Narrow(id=one.id))
        t.tell("narrowed", what=_what(t, one))


def unname(t: Turn, _: str) -> None:
    """From now on no name stands beside it."""
    one = chosen(t)
    if one:
        naming.take_off(t, one.id)
        t.tell("unnamed", what=_what(t, one))
        naming.tell_limits(t)


def _may_ask(one: Thing) -> bool:
    """Whether a second person is still to be asked: one has the last word."""
    return bool(one.hidden) and not one.asked and not one.looked


def ask_again(t: Turn, _: str) -> None:
    """Have a second person look at what was hidden: the one that they have picked, else the last."""
    hidden = [one for one in all_of_them(t) if one.hidden]
    one = chosen(t) or next((one for one in hidden if _may_ask(one)), None) or next(iter(hidden), None)
    if one is None or not one.hidden:
        t.tell("hidden.nothing")
    elif one.looked:
        t.tell("hidden.looked", **receipt(t))
    elif one.asked:
        t.tell("hidden.asked")
    else:
        t.do(AskAgain(id=one.id))
        t.tell("hidden.asks", what=_what(t, one))


def _of_it(told_of: Callable[[Thing], bool]) -> Callable[[Turn], str]:
    return lambda t: "yes" if (one := chosen(t)) and told_of(one) else "no"


def show_own_copy(t: Turn, _: str) -> None:
    """Send everything that is held about them as a file that any phone can open."""
    text = t.look("own copy")
    t.tell("things.own copy", **receipt(t))
    t.show(Shown(kind="file", media="own-copy", type="text/plain", name="about-you.txt", text=text))


def ask_for_own_copy(t: Turn, _: str) -> None:
    """A person prints it for them."""
    t.do(Matter(kind="own copy"))


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    "more things": more,
    "take back": take_back,
    "facilitators only": narrow,
    "take my name off": unname,
    "look again": ask_again,
    "send my data": show_own_copy,
    "ask for my data": ask_for_own_copy,
}
FACTS: Mapping[str, Callable[[Turn], str]] = {
    "things": lambda t: "some" if all_of_them(t) else "none",
    "chosen": lambda t: "yes" if chosen(t) else "no",
    "shared with others": _of_it(lambda one: one.audience not in ("", "facilitators")),
    "with a name": _of_it(lambda one: one.kind != "ballot" and not one.unnamed),
    "hidden": _of_it(_may_ask),
}
NAMES: Mapping[str, Callable[[Turn], str]] = {"thing": told}
LISTED: Mapping[str, Callable[[Turn], tuple[Option, ...]]] = {"things": listed}
