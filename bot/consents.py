"""What a group asks people to agree to, as it writes it: a file, its other languages and forms beside it.

What stands below a line of three dashes is said to who asks for more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.briefs import beside, pieces, words_of
from flows.files.checking import faults
from flows.steps import SayStep
from flows.wording import Text
from storage.members.groups import Complaint

_BELOW = re.compile(r"^-{3,}\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A wording by language and form ("en", "cy.easy"), and what is said to who asks for more."""

    text: Mapping[str, str]
    more: Mapping[str, str]


def read(path: Path, language: str) -> Written:
    """The wording in `path`, which is in the group's `language`, and its versions beside it."""
    files = {(language, "plain"): path, **{where: other for other, where in beside(path, language)}}
    text, more = dict[str, str](), dict[str, str]()
    for (tongue, form), file in files.items():
        name = tongue if form == "plain" else f"{tongue}.{form}"
        above, *below = _BELOW.split(words_of(file), maxsplit=1)
        text[name] = _checked(above, file)
        if below:
            more[name] = _checked(below[0], file)
    return Written(text=text, more=more)


def _checked(markdown: str, path: Path) -> str:
    words = "\n\n".join(pieces(markdown)).strip()
    if not words:
        raise Complaint(f"{path.name} has no words to agree to: write some.")
    for wrong, remedy in faults(SayStep(text=Text({"en": words})), set(), set()):
        raise Complaint(f"In {path.name}: {wrong} {remedy}")
    return words
