"""Texts in their languages and forms, cut at the names in braces once, when a flow is read."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

BRACES = re.compile(r"\{([a-z][a-z ]*)\}")
FORMS = ("plain", "easy")

_EMPTY = re.compile(r"(?<=\w),? +([.,!?])(?=\s|$)")  # what an empty name leaves behind
_BEGIN = re.compile(r"(^|[.!?]\s+)$")  # what stands before the first word of a sentence
_NOT_NAMED = frozenset({"readers", "helper"})  # said as "the facilitators" where nobody has been named

T = TypeVar("T")


def pick(text: Mapping[str, str], language: str, form: str, *, spoken: bool = False) -> str:
    """The wording for a person: their language first, then their form; never blank where a text exists."""
    return text.get(_best(text, language, form, spoken=spoken), "")


def _best(text: Mapping[str, str], language: str, form: str, *, spoken: bool = False) -> str:
    """What that wording is called in the text, such as "cy.easy"."""
    endings = [".easy.voice", ".voice", ".easy", ""] if form == "easy" else [".voice", ""]
    if not spoken:
        endings = [ending for ending in endings if not ending.endswith("voice")]
    for tongue in (language, "en"):
        for ending in endings:
            if tongue + ending in text:
                return tongue + ending
    return next(iter(text), "")


def key_of(language: str, form: str) -> str:
    """What the words of a language and a form are called in a text, such as "cy" or "cy.easy"."""
    return language if form == "plain" else f"{language}.{form}"


def nearest(versions: Collection[tuple[str, str]], language: str, form: str, own: str) -> tuple[str, str]:
    """Of the languages and forms that there are, the one nearest to what somebody needs.

    `own`: the language of those who wrote it.
    """
    wanted = ((language, form), (language, "plain"), (own, form), (own, "plain"))
    return next((one for one in wanted if one in versions), None) or min(versions)


class InForms(dict[tuple[str, str], T]):
    """Something for each (language, form) of a text; other languages get the English one."""

    def __init__(self, text: Mapping[str, str], make: Callable[[str, str], T]) -> None:
        tongues = {"en", *(name.partition(".")[0] for name in text)}
        super().__init__({(tongue, form): make(tongue, form) for tongue in tongues for form in FORMS})

    def __missing__(self, key: tuple[str, str]) -> T:
        language, form = key
        known = form if form in FORMS else FORMS[0]
        return self.get((language, known)) or self["en", known]


@dataclass(frozen=True, slots=True)
class Wording:
    """One text: `parts` are plain words and names by turns, and begin and end with words.

    `begins` tells of each name whether it begins a sentence and must do so with a capital. `language` is
    the one that it is written in, "" where it has no words of its own: that of what it names, then.
    """

    text: str
    parts: tuple[str, ...]
    begins: tuple[bool, ...]
    language: str = ""

    @classmethod
    def of(cls, text: str, language: str = "en") -> "Wording":
        begins = (
            found[1] in _NOT_NAMED and _BEGIN.search(text[: found.start()]) is not None
            for found in BRACES.finditer(text)
        )
        parts = tuple(BRACES.split(text))
        own = any(character.isalpha() for part in parts[::2] for character in part)
        return cls(text, parts, tuple(begins), language if own else "")

    @property
    def names(self) -> tuple[str, ...]:
        return self.parts[1::2]

    def fill(self, named: Callable[[str], str]) -> str:
        """The text with the names filled in."""
        if not self.begins:
            return self.text
        filled = list(self.parts)
        for at, begins in enumerate(self.begins):
            value = named(filled[2 * at + 1])
            filled[2 * at + 1] = value[:1].upper() + value[1:] if begins else value
        text = "".join(filled)
        # Looking for these is far cheaper than the pattern.
        if " ." in text or " ," in text or " !" in text or " ?" in text:
            return _EMPTY.sub(r"\1", text)
        return text


class Text(dict[str, str]):
    """A text as it stands in a file: by "en", "en.easy", "en.voice", "en.easy.voice"; so in other languages.

    `written` and `spoken` are its wordings for people. Where both are the same words they are one object.
    """

    __slots__ = ("spoken", "written")

    def __init__(self, forms: Mapping[str, str]) -> None:
        super().__init__(forms)
        cut: dict[tuple[str, str], Wording] = {}

        def wording(name: str) -> Wording:
            tongue, body = name.partition(".")[0], forms.get(name, "")
            return cut.setdefault((tongue, body), Wording.of(body, tongue))

        self.written = InForms(forms, lambda *key: wording(_best(forms, *key)))
        self.spoken = InForms(forms, lambda *key: wording(_best(forms, *key, spoken=True)))
