"""Mary and Jo have one telephone: what is known of them while it is not known who is there."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from flows.state import Candidate, Notice
from storage.care.ringing_back import Answer
from storage.lines.pins import Checked
from tests.scenes import START, TWO, Scene

BOTH = tuple(
    Candidate(id=one.id, name=one.name, number=one.number, group="g1", code="GARDEN", keyed="1234")
    for one in TWO
)
CALL = Notice(id="o1", kind="say", subject="", text="The session is in the library.", greet=False)


def number(keyed: str) -> Checked:
    """Whose number it is: Mary's has no PIN, Jo's has."""
    known = {"7730": Checked(member="m1"), "5512": Checked(asks_pin=True), "5512 2468": Checked(member="m2")}
    return known.get(keyed, Checked())


def shared(scene: Scene, *, greet: bool) -> Scene:
    """A telephone of both; with `greet` both agreed that their names are said there."""
    there = tuple(replace(one, greet=greet) for one in BOTH)
    return replace(scene.finds(**{"member number": number}), candidates=there, member=None)


def unheard(scene: Scene) -> Scene:
    """A telephone that was Mary's when anything last came from it, long ago."""
    return replace(scene, candidates=BOTH[:1], member=None)


def withheld(scene: Scene) -> Scene:
    """A call that does not say where it comes from."""
    return replace(scene.finds(**{"member number": number}), withheld=True, member=None)


def rings_back(scene: Scene, *, why: str = "", soon: bool = True, at: datetime = START) -> Scene:
    """Mary may be rung back, or may not."""
    when = (
        Answer(why=why)
        if why
        else Answer(at=at, line="l1", group="g1", when="Wednesday 4 March at 9am", soon=soon)
    )
    return scene.finds(**{"ring back": lambda: when})


GIVEN: Mapping[str, Callable[[Scene], Scene]] = {
    "a phone that two people share": lambda s: shared(s, greet=False),
    "a phone of two who may be named": lambda s: shared(s, greet=True),
    "a phone that was long silent": unheard,
    "a withheld number": withheld,
    "a call to a shared phone": lambda s: replace(s.finds(**{"member number": number}), notice=CALL),
    "a phone to ring": rings_back,
    "a phone to ring tomorrow": lambda s: rings_back(s, soon=False),
    "a phone abroad": lambda s: rings_back(s, why="abroad"),
    "no phone of theirs": lambda s: rings_back(s, why="nowhere"),
    "calls enough for today": lambda s: rings_back(s, why="enough"),
}
