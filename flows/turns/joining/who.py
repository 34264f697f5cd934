"""WHO: those who read what somebody gives, by name and by what they say of themselves."""

from collections.abc import Callable, Mapping, Sequence

from flows.turns.receipts import readers
from flows.turns.turning import Turn


def in_full(t: Turn) -> str:
    """The readers, each with what they say of themselves."""
    group = t.group
    if group is None or not group.readers:
        return readers(t)
    said = [*group.standings, *((),) * (len(group.readers) - len(group.standings))]
    return t.several([_in_full(t, name, one) for name, one in zip(group.readers, said, strict=True)])


def _in_full(t: Turn, name: str, said: Sequence[str]) -> str:
    standing = ", ".join([t.phrase(f"who.standing.{one}") for one in said])
    return t.phrase("who.reader", reader=name, standing=standing) if standing else name


NAMES: Mapping[str, Callable[[Turn], str]] = {
    "readers in full": in_full,
    "text cost": lambda t: t.group.rules.text_cost if t.group else "",
    "invited name": lambda t: t.invited.name,
}
