"""What a sentence about something given needs to say: who reads it, and whether a name stands beside it."""

from collections.abc import Callable, Mapping

from flows.turns.turning import Turn


def readers(t: Turn) -> str:
    """Who reads what is given to the facilitators: by name where there are names."""
    names = t.group.readers if t.group else ()
    return t.several(names) if names else t.phrase("readers.nobody")


def safe_contact(t: Turn) -> str:
    """Who is told when somebody is in danger."""
    return (t.group.safe_contact if t.group else "") or readers(t)


def without_name(t: Turn) -> str:
    """Said where no name stands beside it; else nothing."""
    return t.phrase("unnamed.kept") if t.unnamed(t.frames[-1] if t.frames else None) else ""


NAMES: Mapping[str, Callable[[Turn], str]] = {
    "readers": readers,
    "safe contact": safe_contact,
    "without name": without_name,
}


def receipt(t: Turn) -> Mapping[str, str]:
    """The same, for a sentence of the house."""
    return {name: said(t) for name, said in NAMES.items()}
