"""The sentences of the house as one person reads or hears them, where it is not that person's turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flows.wording import InForms, Text, Wording

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sentences:
    """Called with a sentence's name and what it names, it gives the words; `aloud` as they are said."""

    phrases: Mapping[str, Text]
    language: str = "en"
    form: str = "plain"

    def to(self, language: str, form: str = "plain") -> "Sentences":
        """The same for somebody else."""
        return replace(self, language=language, form=form)

    def each(self, make: Callable[..., T], *about: Any, **named: Any) -> Callable[[str, str], T]:
        """What makes the same for each language and form: `make` of their sentences, and of the rest."""
        return lambda language, form: make(self.to(language, form), *about, **named)

    def __call__(self, name: str, /, **values: str | int) -> str:
        return self._fill(self.phrases[name].written, values)

    def aloud(self, name: str, /, **values: str | int) -> str:
        return self._fill(self.phrases[name].spoken, values)

    def tongue(self, name: str) -> str:
        """The language in which this sentence is said."""
        return self.phrases[name].spoken[self.language, self.form].language or self.language

    def _fill(self, text: InForms[Wording], values: Mapping[str, str | int]) -> str:
        return text[self.language, self.form].fill(lambda key: str(values.get(key, "")))
