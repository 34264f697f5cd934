"""Checks a set of flows before it is used: nothing may point to what does not exist.

Each fault is a FlowError with the file, the line, what is wrong and how to mend it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from flows.files.lines import FlowError
from flows.steps import (
    MENU,
    AskStep,
    BallotStep,
    BeginStep,
    Condition,
    DoStep,
    Flow,
    GoStep,
    KeepStep,
    LoopStep,
    SayStep,
    SetStep,
    Step,
    UnlessStep,
)
from flows.turns.deeds import DEEDS
from flows.turns.facts import FACTS, NAMES, OVER
from flows.understand import unfit_words
from flows.wording import BRACES, Text

INVITES = re.compile(
    r"\b(STOP|STOPALL|UNSUBSCRIBE|CANCEL|END|QUIT|OPTOUT|REVOKE|UNSTOP|YES|HELP|INFO)\b|\b(stop|end|cancel|quit)\?"
)
GIVEN = {"ballot", "words", "photos"}  # answers that may be there before a flow begins


def check(flows: Mapping[str, Flow], lines: Mapping[str, Sequence[int]]) -> None:
    """Raise FlowError for the first fault in any flow."""
    taken: dict[str, str] = {}
    for flow in flows.values():
        for word in flow.words:
            if word in taken:
                raise FlowError(
                    flow.source,
                    1,
                    f"the word '{word}' opens '{taken[word]}' already.",
                    "Choose another word.",
                )
            if unfit_words(word):
                raise FlowError(
                    flow.source, 1, f"the word '{word}' stops or starts all messages.", "Choose another word."
                )
            taken[word] = flow.name
        check_flow(flow, lines[flow.source], set(flows))
    _check_shelves(flows, lines)
    for flow in flows.values():
        if flow.name in _reached(flow, flows):
            raise FlowError(
                flow.source, 1, "this flow comes back to itself and asks nothing.", "Put an 'ask' into it."
            )


def _check_shelves(flows: Mapping[str, Flow], lines: Mapping[str, Sequence[int]]) -> None:
    """Each menu that is asked for has something in it."""
    shelves = {MENU} | {flow.shelf for flow in flows.values() if flow.menu}
    for flow in flows.values():
        for step, line in zip(flow.steps, lines[flow.source], strict=True):
            if isinstance(step, AskStep) and step.shelf and step.shelf not in shelves:
                known = ", ".join(sorted(shelves))
                wrong = f"no flow stands on a shelf '{step.shelf}'."
                raise FlowError(flow.source, line, wrong, f"Write one of: {known}.")


def _reached(flow: Flow, flows: Mapping[str, Flow]) -> set[str]:
    """The flows that this one goes on to without anything being asked on the way."""
    found: set[str] = set()
    waiting = [flow]
    while waiting:
        steps = waiting.pop().steps
        if any(isinstance(step, AskStep | BallotStep) for step in steps):
            continue
        fresh = {step.flow for step in steps if isinstance(step, GoStep)} & flows.keys() - found
        found |= fresh
        waiting += [flows[name] for name in fresh]
    return found


def check_flow(flow: Flow, lines: Sequence[int], known: set[str]) -> None:
    answers = GIVEN | {step.name for step in flow.steps if isinstance(step, AskStep | SetStep)}
    for wrong, remedy in _known(flow.when, set()):
        raise FlowError(flow.source, 1, wrong, remedy)
    for step, line in zip(flow.steps, lines, strict=True):
        if isinstance(step, LoopStep) and step.until and not _asks_within(flow, step):
            raise FlowError(
                flow.source, line, f"nothing in the repeat '{step.name}' can end it.", "Put an 'ask' into it."
            )
    for step, line in zip(flow.steps, lines, strict=True):
        for wrong, remedy in faults(step, answers, known):
            raise FlowError(flow.source, line, wrong, remedy)
        if flow.practice and isinstance(step, KeepStep | BallotStep):
            raise FlowError(
                flow.source, line, "in practice nothing is kept or counted.", "Leave this step out."
            )


def faults(step: Step, answers: set[str], flows: set[str]) -> Iterable[tuple[str, str]]:
    """What is wrong with one step, each with its remedy."""
    for text in _texts(step):
        yield from _names(text, answers)
        yield from _inviting(text)
    yield from _condition(step, answers)
    if isinstance(step, AskStep):
        yield from _choices(step)
    if isinstance(step, GoStep) and step.flow and step.flow not in flows:
        yield f"there is no flow '{step.flow}'.", f"Write one of: {', '.join(sorted(flows))}."
    if isinstance(step, GoStep) and step.answer and step.answer not in answers:
        yield f"nothing called '{step.answer}' is asked here.", "Name an 'ask' of this flow."
    if isinstance(step, DoStep) and step.deed not in DEEDS:
        yield f"'{step.deed}' can't be done.", f"Write one of: {', '.join(sorted(DEEDS))}."
    if isinstance(step, BeginStep) and step.over and step.over not in OVER:
        yield f"there is no list '{step.over}'.", f"Write one of: {', '.join(sorted(OVER))}."
    if isinstance(step, KeepStep):
        for name in (*step.main, *([step.audience_from] if step.audience_from else [])):
            if name not in answers:
                yield f"nothing called '{name}' is asked here.", "Name an 'ask' of this flow."


def _texts(step: Step) -> list[Text]:
    if isinstance(step, SayStep | KeepStep | BallotStep):
        return [step.text]
    if isinstance(step, AskStep):
        return [step.text, *(choice.label for choice in step.choices)]
    return []


def _names(text: Text, answers: set[str]) -> Iterable[tuple[str, str]]:
    for body in text.values():
        for name in BRACES.findall(body):
            if name not in NAMES and name not in answers:
                known = ", ".join(sorted(NAMES))
                yield (
                    f"nothing is known as '{{{name}}}'.",
                    f"Write the name of an answer, or one of: {known}.",
                )
        if "{" in BRACES.sub("", body):
            yield "a brace is left open or holds no name.", "Write it like {readers}."


def _inviting(text: Text) -> Iterable[tuple[str, str]]:
    """Carriers act on these words, and block the number of whoever sends them."""
    for body in text.values():
        found = INVITES.search(body)
        if found:
            yield f"'{found[0]}' invites a word that carriers act on.", "Say it in other words."


def _condition(step: Step, answers: set[str]) -> Iterable[tuple[str, str]]:
    tests: list[Condition] = []
    if isinstance(step, UnlessStep):
        tests.append(step.condition)
    if isinstance(step, LoopStep):
        tests.append(step.until)
    if isinstance(step, AskStep):
        tests.extend(choice.when for choice in step.choices)
    for test in tests:
        yield from _known(test, answers)


def _known(test: Condition, answers: set[str]) -> Iterable[tuple[str, str]]:
    for name in test:
        if name not in FACTS and name not in answers:
            yield (
                f"nothing is known as '{name}'.",
                f"Write the name of an answer, or one of: {', '.join(sorted(FACTS))}.",
            )


def _asks_within(flow: Flow, loop: LoopStep) -> bool:
    inside = flow.steps[loop.start : flow.steps.index(loop)]
    return any(isinstance(step, AskStep | BallotStep) for step in inside)


def _choices(step: AskStep) -> Iterable[tuple[str, str]]:
    """By SMS a stop word blocks the number, so it may never be an answer."""
    if step.takes == ("yes-no",):
        return
    for choice in step.choices:
        for body in choice.label.values():
            word = unfit_words(body)
            if word:
                yield (
                    f"the choice '{body}' is a word that stops or starts all messages.",
                    "Say it in other words.",
                )
    if step.many and "photo" not in step.takes:
        yield "'many' is only for photos.", "Use 'repeat' to ask for several other things."
