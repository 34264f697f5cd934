"""A poll as a turn knows it, in the words that are nearest to what somebody needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.events import Option
from flows.values import replace
from flows.wording import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A poll in one language and form. `changes` and `decides`: what it will change, and who decides."""

    question: str
    options: tuple[str, ...]
    changes: str = ""
    decides: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """`closed` polls stay for a fortnight so that a late ballot gets a kind answer.

    `versions`: its words in other languages and forms than those it was written in, which are in `language`.
    """

    id: str
    question: str
    options: tuple[Option, ...]
    several: bool = False
    most: int = 0
    secret: bool = False
    staff: bool = False
    closes: str = ""  # in words, in the group's zone
    closed: bool = False
    outcome: str = ""  # once closed, one sentence
    changes: str = ""  # as part of a sentence, as `decides`
    decides: str = ""
    language: str = "en"
    versions: Mapping[tuple[str, str], Worded] = field(default_factory=dict)

    def version(self, language: str, form: str) -> tuple[str, str]:
        """The language and form that are nearest to what somebody needs."""
        return nearest({(self.language, "plain"), *self.versions}, language, form, self.language)

    def in_words(self, language: str, form: str) -> "Poll":
        """The poll in the words that are nearest to what somebody needs."""
        words = self.versions.get(self.version(language, form))
        if words is None:
            return self
        labelled = zip(self.options, words.options, strict=True)
        return replace(
            self,
            question=words.question,
            options=tuple(replace(option, label=label) for option, label in labelled),
            changes=words.changes or self.changes,
            decides=words.decides or self.decides,
        )
