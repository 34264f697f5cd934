"""What an `ask` takes: `accept:` as a flow file writes it, and the choices that come of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from flows.events import Ask as Kind
from flows.files.grammar import condition
from flows.files.lines import FlowError, Table, words
from flows.steps import MENU, Choice
from flows.wording import Text

NAMES = get_args(Kind)
MOST_ON_A_SCALE = 10
LISTED = ("languages", "things")  # choices that are not the file's
CHOICE = frozenset({"key", "say", "voice", "easy", "words", "when"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    takes: tuple[Kind, ...]
    choices: tuple[Any, ...] = ()
    low: int = 0
    high: int = 0
    shelf: str = ""
    listed: str = ""


def read_accept(table: Table, source: str) -> Accept:
    """`accept: text`, `accept: [text, voice]`, or a table such as `{choice: [...]}`, `{scale: [1, 5]}`."""
    found = table.get("accept", "text")
    line = table.at("accept")
    if not isinstance(found, Table):
        takes = words(found)
        if takes == ("yes-no",):
            return Accept(takes=("yes-no",), choices=("yes", "no"))
        _known(takes, source, line)
        for name in takes:
            if name in {"choice", "several", "scale"}:
                raise FlowError(
                    source, line, f"'{name}' needs its choices.", f"Write 'accept: {{{name}: [one, two]}}'."
                )
        return Accept(takes=cast(tuple[Kind, ...], takes))
    kinds = tuple(name for name in found if name not in {"low", "high", "or"})
    _known(kinds, source, line)
    accept = Accept(takes=cast(tuple[Kind, ...], kinds))
    for kind in kinds:
        if kind in {"choice", "several"}:
            return _chosen_from(found[kind], kind, accept.takes, source, line)
        if kind == "scale":
            low, high = _bounds(found[kind], kind, source, line)
            if not 1 <= high - low < MOST_ON_A_SCALE:
                raise FlowError(
                    source, line, "this scale has too few or too many steps.", "Write 'scale: [1, 5]'."
                )
            return Accept(takes=accept.takes, choices=tuple(_scale(found, low, high)))
        if kind == "number":
            low, high = _bounds(found[kind], kind, source, line) if found[kind] else (0, 0)
            return Accept(takes=accept.takes, low=low, high=high)
        if kind == "yes-no":
            return Accept(takes=accept.takes, choices=("yes", "no"))
    return accept


def _chosen_from(found: Any, kind: str, takes: tuple[Kind, ...], source: str, line: int) -> Accept:
    """Choices that stand in the file, are flows, or are the group's own."""
    if found in LISTED:
        return Accept(takes=takes, listed=str(found))
    if shelf := _shelf(found):
        return Accept(takes=takes, shelf=shelf)
    return Accept(takes=takes, choices=tuple(_listed(found, kind, source, line)))


def _shelf(found: Any) -> str:
    """`flows`: what stands in the menu; `{flows: me}`: what stands on the shelf "me"."""
    if isinstance(found, Table):
        return str(found.get("flows", ""))
    return MENU if found == "flows" else ""


def _known(takes: Sequence[str], source: str, line: int) -> None:
    for name in takes:
        if name not in NAMES:
            raise FlowError(source, line, f"'{name}' can't be asked for.", f"Use one of: {', '.join(NAMES)}.")


def _listed(found: Any, kind: str, source: str, line: int) -> list[Any]:
    if not isinstance(found, list) or len(found) < 2:
        raise FlowError(source, line, f"'{kind}' needs at least two choices.", f"Write '{kind}: [one, two]'.")
    return found


def _bounds(found: Any, kind: str, source: str, line: int) -> tuple[int, int]:
    if isinstance(found, list) and len(found) == 2 and all(isinstance(one, int) for one in found):
        return found[0], found[1]
    raise FlowError(
        source, line, f"'{kind}' needs a lowest and a highest number.", f"Write '{kind}: [1, 5]'."
    )


def _scale(found: Table, low: int, high: int) -> list[Any]:
    """Every step of a scale is a choice; the ends carry their words; `or:` adds a way round it."""
    ends = {low: str(found.get("low", "")), high: str(found.get("high", ""))}
    steps: list[Any] = []
    for step in range(low, high + 1):
        named = ends.get(step, "")
        steps.append(
            {"key": str(step), "say": f"{step}, {named}" if named else str(step), "words": named or None}
        )
    if found.get("or"):
        other = found["or"] if isinstance(found["or"], Table) else {"say": str(found["or"])}
        steps.append({"words": None, **other, "key": "none"})
    return steps


def choices_of(found: Sequence[Any], table: Table, source: str) -> tuple[Choice, ...]:
    """Choices as words, or as tables {key, say, voice, words, when}."""
    choices = []
    for one in found:
        if isinstance(one, dict):
            choices.append(_choice(one, table, source))
        elif one in {"yes", "no"} and tuple(found) == ("yes", "no"):
            choices.append(Choice(key=str(one), label=Text({"en": str(one).capitalize()})))
        else:
            choices.append(Choice(key=str(one).casefold(), label=Text({"en": str(one)})))
    keys = [choice.key for choice in choices]
    for key in keys:
        if keys.count(key) > 1:
            raise FlowError(
                source, table.at("accept"), f"two choices are called '{key}'.", "Give each its own key."
            )
    return tuple(choices)


def _choice(one: dict[str, Any], table: Table, source: str) -> Choice:
    for name in one:
        if name not in CHOICE and not (len(name) == 2 and name.isalpha()):
            raise FlowError(
                source,
                one.at(name) if isinstance(one, Table) else table.at("accept"),
                f"'{name}' does not belong to a choice.",
                f"Here may stand: {', '.join(sorted(CHOICE))}.",
            )
    label = one.get("say")
    if not label or not one.get("key"):
        raise FlowError(
            source,
            table.at("accept"),
            "a choice lacks its key or its words.",
            "Write '{key: library, say: The library}'.",
        )
    text: dict[str, str] = {"en": str(label)}
    for form in ("voice", "easy"):
        if one.get(form):
            text[f"en.{form}"] = str(one[form])
    text.update({name: body for name, body in one.items() if len(name) == 2 and isinstance(body, str)})
    test = condition(one, "when", source) if isinstance(one, Table) else {}
    return Choice(key=str(one["key"]), label=Text(text), words=words(one.get("words")), when=test)
