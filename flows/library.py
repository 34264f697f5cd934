"""The flows that are in use, by name and by version, and the sentences of the house."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.steps import Flow, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """`current` by name; `versions` also holds older ones that conversations still run."""

    current: Mapping[str, Flow]
    versions: Mapping[str, Flow]
    phrases: Mapping[str, Text]
    triggers: Mapping[str, str] = field(default_factory=dict)  # a word: the flow that it opens

    def get(self, name: str, version: str = "") -> Flow:
        """The flow, in the version asked for where it is still known."""
        return self.versions.get(version) or self.current[name]

    def menu(self) -> tuple[Flow, ...]:
        """The flows that stand in the menu, in its order."""
        return tuple(
            sorted((flow for flow in self.current.values() if flow.menu), key=lambda flow: flow.order)
        )
