"""The flows that are in use, by name and by version, and the sentences of the house."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.safety import NOTHING, SafeWords, Watch
from flows.steps import MENU, Flow
from flows.wording import Text

CONSENT, MORE = "consent.", ".more"  # sentences of the house: what is agreed to, and more about it


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """`current` by name; `versions` also holds older ones that conversations still run."""

    current: Mapping[str, Flow]
    versions: Mapping[str, Flow]
    phrases: Mapping[str, Text]
    triggers: Mapping[str, str] = field(default_factory=dict)  # a word: the flow that it opens
    safe_words: SafeWords = NOTHING
    # The flows that can be chosen, in their order: the menu's, and those of menus below it.
    shelves: Mapping[str, tuple[Flow, ...]] = field(init=False, repr=False, compare=False)
    followed: Mapping[str, Flow] = field(
        init=False, repr=False, compare=False
    )  # a word that a day may follow
    # The version of what the house asks people to agree to, by purpose.
    agreements: Mapping[str, str] = field(init=False, repr=False, compare=False)

    # What looks for the shipped safe words, for a group that changed none of them.
    watch: Watch = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "watch", self.safe_words.watch())
        shelves: dict[str, tuple[Flow, ...]] = {MENU: ()}
        for flow in sorted(self.current.values(), key=lambda flow: flow.order):
            if flow.menu:
                shelves[flow.shelf] = (*shelves.get(flow.shelf, ()), flow)
        object.__setattr__(self, "shelves", shelves)
        followed = {word: flow for flow in self.current.values() if flow.follows for word in flow.words}
        object.__setattr__(self, "followed", followed)
        agreements = {
            name.removeprefix(CONSENT): _version(text, self.phrases.get(name + MORE))
            for name, text in self.phrases.items()
            if name.startswith(CONSENT) and not name.endswith(MORE)
        }
        object.__setattr__(self, "agreements", agreements)

    def get(self, name: str, version: str = "") -> Flow:
        """The flow, in the version asked for where it is still known."""
        return self.versions.get(version) or self.current[name]


def _version(*texts: Text | None) -> str:
    """What tells these words, in all their languages and forms, from all others."""
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:16]
