"""YAML that remembers its lines, so that a complaint about a flow file can say where."""

from collections.abc import Mapping
from typing import Any

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, much quicker where it is there


class FlowError(ValueError):
    """A flow file cannot be used: where, what is wrong, and how to mend it."""

    def __init__(self, source: str, line: int, wrong: str, remedy: str) -> None:
        self.source, self.line, self.wrong, self.remedy = source, line, wrong, remedy
        super().__init__(f"{source}, line {line}: {wrong} {remedy}")


class Table(dict[str, Any]):
    """A mapping that knows the line of each of its keys."""

    line: int = 1
    lines: dict[str, int]

    def at(self, name: str) -> int:
        return self.lines.get(name, self.line)


def read(text: str, source: str) -> Table:
    """The file's mapping; raise FlowError where it is not YAML or not a mapping."""
    try:
        node = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError:
        raise FlowError(
            source,
            _faulty(text),
            "this is not YAML.",
            "Look at the indentation and for a colon inside a text; put such a text in quotes.",
        ) from None
    value = _value(node, source) if node else None
    if not isinstance(value, Table):
        raise FlowError(
            source, 1, "the file does not hold a flow.", "Begin it with 'flow: NAME' and 'steps:'."
        )
    return value


def _faulty(text: str) -> int:
    """The line at fault, which the slower way of reading tells more exactly."""
    try:
        yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return mark.line + 1 if mark else 1
    return 1


def _value(node: yaml.Node, source: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _table(node, source)
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, source) for one in node.value]
    return _plain(node)


def _table(node: yaml.MappingNode, source: str) -> Table:
    table = Table()
    table.line = node.start_mark.line + 1
    table.lines = {}
    for name, value in node.value:
        key = str(_plain(name)) if isinstance(name, yaml.ScalarNode) else ""
        line = name.start_mark.line + 1
        if not key or key in table:
            wrong = f"'{key}' stands here twice." if key else "a name is missing before the colon."
            raise FlowError(source, line, wrong, "Give each thing one name, once.")
        table[key] = _value(value, source)
        table.lines[key] = line
    return table


def _plain(node: yaml.Node) -> str | int | float | bool | None:
    """Words stay words: YAML's yes and no are answers here, not booleans."""
    text = str(node.value)
    if node.tag.endswith(":bool") and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if node.tag.endswith(":int") and text.lstrip("-").isdigit():
        return int(text)
    if node.tag.endswith(":null"):
        return None
    return text


def words(value: Any) -> tuple[str, ...]:
    """One word or several, as a tuple of strings."""
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    return (str(value),)


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
