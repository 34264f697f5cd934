"""What is given, and to whom it may be shown, in the words of these pages."""

from collections.abc import Mapping

from bot.drawing.journeys import Scale
from flows.library import Flows
from flows.steps import AskStep, Flow, KeepStep
from flows.wording import Text
from storage.given.browsing import Contribution

AUDIENCES: Mapping[str, str] = {
    "facilitators": "Only you who run the group may read it",
    "group": "The whole group may read it",
    "outside": "It may be shown outside the group",
}


def kind(flow: str) -> str:
    """Diary, thought, photo: how one thing is called in a heading."""
    return flow.replace("-", " ").capitalize()


def heading(one: Contribution) -> str:
    """Diary by Mary."""
    return f"{kind(one.flow)} {by(one)}"


def by(one: Contribution) -> str:
    return f"by {one.name}" if one.person else "without a name"


def ways(flows: Flows) -> list[str]:
    """Under what names things are kept by the flows in use."""
    return sorted({step.flow for flow in flows.current.values() for step in _keeps(flow)})


def title(flows: Flows, kept: str) -> Text | None:
    """What its giver calls it: your diary entry."""
    flow = _flow(flows, kept)
    return flow.title if flow else None


def questions(flows: Flows, kept: str, language: str) -> dict[str, str]:
    """What is asked for such a thing, by the names of the answers."""
    flow = _flow(flows, kept)
    asked = [step for step in flow.steps if isinstance(step, AskStep)] if flow else []
    return {step.name: _question(step.text.written[language, "plain"].text) for step in asked}


def scale(flows: Flows, kept: str, language: str) -> Scale:
    """From what to what a feeling goes, as it is asked for now."""
    flow = _flow(flows, kept)
    for step in flow.steps if flow else ():
        if isinstance(step, AskStep) and "scale" in step.takes:
            steps = [one for one in step.choices if one.key.isdecimal()]
            ends = [one.label.written[language, "plain"].text.partition(", ")[2] for one in steps]
            return Scale(low=int(steps[0].key), high=int(steps[-1].key), worst=ends[0], best=ends[-1])
    return Scale()


def _question(words: str) -> str:
    """The question alone, without how to answer it."""
    asked, mark, _ = words.partition("?")
    return asked + mark


def _flow(flows: Flows, kept: str) -> Flow | None:
    those = (flow for flow in flows.current.values() if any(step.flow == kept for step in _keeps(flow)))
    return flows.current.get(kept) or next(those, None)


def _keeps(flow: Flow) -> list[KeepStep]:
    return [step for step in flow.steps if isinstance(step, KeepStep)]
