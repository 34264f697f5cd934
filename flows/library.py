"""The flows that are in use, by name and by version, and the sentences of the house."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.steps import Flow
from flows.wording import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """`current` by name; `versions` also holds older ones that conversations still run."""

    current: Mapping[str, Flow]
    versions: Mapping[str, Flow]
    phrases: Mapping[str, Text]
    triggers: Mapping[str, str] = field(default_factory=dict)  # a word: the flow that it opens
    menu: tuple[Flow, ...] = field(init=False, repr=False, compare=False)  # what stands in it, in its order

    def __post_init__(self) -> None:
        listed = (flow for flow in self.current.values() if flow.menu)
        object.__setattr__(self, "menu", tuple(sorted(listed, key=lambda flow: flow.order)))

    def get(self, name: str, version: str = "") -> Flow:
        """The flow, in the version asked for where it is still known."""
        return self.versions.get(version) or self.current[name]
