"""Reads flow files and checks them: what a group may write, and complaints that say how to mend it.

A flow file is YAML; `docs/flows.md` describes it for people. Steps are compiled into a flat list with
jumps, so that where somebody is in a flow is one number.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from flows.events import Option
from flows.files.accepting import choices_of, read_accept
from flows.files.checking import check
from flows.files.grammar import condition, flag, is_form, text_of, whole
from flows.files.lines import FlowError, Table, mapping, read, words
from flows.library import Flows
from flows.safety import NOTHING, SafeWords
from flows.steps import (
    MENU,
    AskStep,
    BallotStep,
    BeginStep,
    DoStep,
    Flow,
    GoStep,
    JumpStep,
    KeepStep,
    LoopStep,
    SayStep,
    SetStep,
    Step,
    UnlessStep,
)
from flows.understand import bare
from flows.wording import Text

KINDS = ("say", "ask", "keep", "ballot", "repeat", "when", "set", "do", "go")
ALLOWED: Mapping[str, frozenset[str]] = {
    "say": frozenset({"say"}),
    "ask": frozenset(
        {
            "ask",
            "say",
            "accept",
            "optional",
            "many",
            "review",
            "soft",
            "echo",
            "lapses",
            "most",
            "quiet",
            "unlike",
        }
    ),
    "keep": frozenset({"keep", "say", "text", "audience"}),
    "ballot": frozenset({"ballot", "say"}),
    "repeat": frozenset({"repeat", "over", "until", "steps"}),
    "when": frozenset({"when", "steps", "else"}),
    "set": frozenset({"set", "to"}),
    "do": frozenset({"do", "with"}),
    "go": frozenset({"go"}),
}
TEXTED = {"say", "ask", "keep", "ballot"}
HEADINGS = {
    *("flow", "title", "menu", "shelf", "order", "words", "when", "steps"),
    *("over", "door", "follows", "always", "practice"),
}


def load(sources: Mapping[str, str], older: Mapping[str, str] | None = None) -> Flows:
    """All flows from their files: `sources` by file name, `older` texts that conversations still run.

    The file named phrases.yaml holds the sentences of the house, safe-words.yaml the phrases that may mean
    danger. Raise FlowError on the first fault.
    """
    current: dict[str, Flow] = {}
    lines: dict[str, list[int]] = {}
    phrases: Mapping[str, Text] = {}
    safe_words = NOTHING
    for source, body in sources.items():
        if source == "phrases.yaml":
            phrases = _phrases(body, source)
            continue
        if source == "safe-words.yaml":
            safe_words = _safe_words(body, source)
            continue
        flow, lines[source] = parse(body, source)
        if flow.name in current:
            raise FlowError(
                source,
                1,
                f"a flow named '{flow.name}' is in {current[flow.name].source} already.",
                "Give it another name.",
            )
        current[flow.name] = flow
    check(current, lines)
    past = [parse(body, "an older version")[0] for body in (older or {}).values()]
    return Flows(
        current=current,
        versions={flow.version: flow for flow in (*past, *current.values())},
        phrases=phrases,
        safe_words=safe_words,
        triggers={bare(word): flow.name for flow in current.values() for word in flow.words},
    )


@lru_cache(maxsize=8)
def _phrases(body: str, source: str) -> Mapping[str, Text]:
    table = read(body, source)
    return {name: text_of(table, name, source) for name in table}


@lru_cache(maxsize=8)
def _safe_words(body: str, source: str) -> SafeWords:
    return SafeWords.of(read(body, source))


@lru_cache(maxsize=512)  # what a text says is settled: it is worked out once
def parse(body: str, source: str) -> tuple[Flow, list[int]]:
    """One flow from its text, with the line of each of its steps. Its version is a hash of the text."""
    table = read(body, source)
    for name in table:
        if name not in HEADINGS:
            raise FlowError(
                source,
                table.at(name),
                f"'{name}' is not known here.",
                f"Use one of: {', '.join(sorted(HEADINGS))}.",
            )
    if not table.get("flow") or not isinstance(table.get("steps"), list):
        raise FlowError(
            source,
            table.line,
            "the flow's name or its steps are missing.",
            "Begin with 'flow: NAME' and add 'steps:'.",
        )
    compiler = Compiler(source)
    compiler.steps(table["steps"])
    name = str(table["flow"])
    flow = Flow(
        name=name,
        version=hashlib.sha256(body.encode()).hexdigest()[:16],
        title=text_of(table, "title", source) if "title" in table else Text({"en": name}),
        menu=text_of(table, "menu", source) if "menu" in table else Text({}),
        shelf=str(table.get("shelf", MENU)),
        order=whole(table, "order", source, 50),
        words=tuple(word.casefold() for word in words(table.get("words"))),
        steps=tuple(compiler.out),
        over=flag(table, "over", source),
        door=flag(table, "door", source),
        always=flag(table, "always", source),
        practice=flag(table, "practice", source),
        follows=str(table.get("follows", "")),
        when=condition(table, "when", source),
        source=source,
    )
    return flow, compiler.lines


class Compiler:
    """Turns nested steps into a flat list with jumps."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.out: list[Step] = []
        self.lines: list[int] = []
        self.line = 1

    def steps(self, found: list[Any]) -> None:
        for one in found:
            if not isinstance(one, Table):
                raise FlowError(
                    self.source, 1, f"'{one}' is not a step.", "A step looks like '- say: words'."
                )
            self.step(one)

    def inner(self, table: Table, name: str) -> None:
        """The steps inside a step."""
        found = table.get(name)
        if not isinstance(found, list):
            raise FlowError(
                self.source, table.at(name), f"no steps stand under '{name}:'.", "Begin each with '- '."
            )
        self.steps(found)

    def step(self, table: Table) -> None:
        kind = next((name for name in ("ask", "keep", "ballot", *KINDS) if name in table), None)
        if kind is None:
            known = ", ".join(KINDS)
            raise FlowError(
                self.source,
                table.line,
                f"'{next(iter(table), '')}' is no kind of step.",
                f"Use one of: {known}.",
            )
        forms = {name for name in table if kind in TEXTED and is_form(name)}
        for name in table:
            if name not in ALLOWED[kind] | forms:
                allowed = ", ".join(sorted(ALLOWED[kind]))
                raise FlowError(
                    self.source,
                    table.at(name),
                    f"'{name}' does not belong to '{kind}'.",
                    f"Here may stand: {allowed}.",
                )
        make: Callable[[Table], None] = getattr(self, "_" + kind)
        self.line = table.line
        make(table)

    def add(self, step: Step) -> int:
        self.out.append(step)
        self.lines.append(self.line)
        return len(self.out) - 1

    def _say(self, table: Table) -> None:
        self.add(SayStep(text=text_of(table, "say", self.source)))

    def _ask(self, table: Table) -> None:
        accept = read_accept(table, self.source)
        self.add(
            AskStep(
                name=self._name(table, "ask"),
                text=text_of(table, "say", self.source),
                optional=flag(table, "optional", self.source),
                many=flag(table, "many", self.source),
                review=flag(table, "review", self.source, default=True),
                soft=flag(table, "soft", self.source),
                echo=flag(table, "echo", self.source, default=True),
                lapses=whole(table, "lapses", self.source),
                unlike=tuple(word.casefold() for word in words(table.get("unlike"))),
                most=whole(table, "most", self.source),
                quiet=tuple(
                    Option(key=str(key), label="", words=(word,))
                    for word, key in mapping(table.get("quiet")).items()
                ),
                takes=accept.takes,
                choices=choices_of(accept.choices, table, self.source),
                low=accept.low,
                high=accept.high,
                shelf=accept.shelf,
                listed=accept.listed,
            )
        )

    def _keep(self, table: Table) -> None:
        audience = table.get("audience", "facilitators")
        chosen = str(audience.get("answer", "")) if isinstance(audience, Table) else ""
        if not chosen and audience not in {"facilitators", "group", "outside"}:
            raise FlowError(
                self.source,
                table.at("audience"),
                f"nobody is called '{audience}'.",
                "Write facilitators, group or outside.",
            )
        self.add(
            KeepStep(
                flow=self._name(table, "keep"),
                text=text_of(table, "say", self.source) if "say" in table else Text({}),
                main=words(table.get("text")),
                audience="facilitators" if chosen else str(audience),
                audience_from=chosen,
            )
        )

    def _ballot(self, table: Table) -> None:
        self.add(BallotStep(text=text_of(table, "say", self.source)))

    def _repeat(self, table: Table) -> None:
        name = self._name(table, "repeat")
        over = str(table.get("over", ""))
        until = condition(table, "until", self.source)
        if bool(over) == bool(until):
            raise FlowError(
                self.source,
                table.line,
                "it is not said when this repeat is over.",
                "Give it 'until:' or 'over:', one of the two.",
            )
        begin = self.add(BeginStep(name=name, over=over))
        self.inner(table, "steps")
        self.line = table.line
        inside = frozenset(step.name for step in self.out[begin:] if isinstance(step, AskStep))
        self.add(LoopStep(name=name, start=begin, over=over, until=until, inside=inside))
        self.out[begin] = BeginStep(name=name, over=over, end=len(self.out))

    def _when(self, table: Table) -> None:
        test = self.add(JumpStep(to=0))
        self.inner(table, "steps")
        leave = self.add(JumpStep(to=0)) if table.get("else") else None
        self.out[test] = UnlessStep(condition=condition(table, "when", self.source), to=len(self.out))
        if leave is not None:
            self.inner(table, "else")
            self.out[leave] = JumpStep(to=len(self.out))

    def _set(self, table: Table) -> None:
        self.add(SetStep(name=self._name(table, "set"), value=str(table.get("to", ""))))

    def _do(self, table: Table) -> None:
        self.add(DoStep(deed=self._name(table, "do"), with_=str(table.get("with", ""))))

    def _go(self, table: Table) -> None:
        to = table["go"]
        if isinstance(to, Table):
            self.add(GoStep(answer=str(to.get("answer", ""))))
        else:
            self.add(GoStep(flow=str(to)))

    def _name(self, table: Table, kind: str) -> str:
        name = table.get(kind)
        if not isinstance(name, str) or not name:
            raise FlowError(
                self.source,
                table.at(kind),
                f"the name after '{kind}:' is missing.",
                "Write one or two words.",
            )
        return name
