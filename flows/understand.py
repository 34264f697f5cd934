"""What a reply means: an answer to the question asked, a word understood anywhere, or an opt-out."""

import unicodedata
from datetime import date
from functools import lru_cache
from typing import Literal

from flows.events import Option, Question
from flows.understanding.choosing import choose
from flows.understanding.dates import read_date
from flows.understanding.numbers import read_number
from flows.understanding.reading import Reading
from flows.understanding.talk import COMMANDS, COURTEOUS, COURTESIES, HELP, POLITE, START, STOP
from flows.understanding.tokens import fold, tokens

__all__ = ["Reading", "bare", "command", "courtesy", "optout", "understand", "unfit_words"]

_MOST_LETTERS = 1000
_MOST_COURTEOUS = 60  # letters
_MOST_WORDS = 9  # in a command, said very politely
_CHOICES = {"choice", "several", "scale", "yes-no"}
_YES_NO = (Option(key="yes", label="Yes"), Option(key="no", label="No"))


def understand(words: str, question: Question, *, today: date, by_text: bool = True) -> Reading | None:
    """What these words answer.

    None: they don't fit at all. Not `sure`: a guess, or several could be meant, so ask again; `keys` are
    the candidates. An open question takes any words: then `rest` is all of them, unless they plainly
    choose. `by_text` is False for words that a telephone recognised.
    """
    closed = _closed(words, question, today, by_text=by_text) if len(words) <= _MOST_LETTERS else None
    if question.closed or (closed and closed.sure):
        return closed
    return Reading(sure=True, rest=words.strip()) if words.strip() else None


def command(words: str) -> str | None:
    """MENU, BACK, REPEAT, LATER, UNDO, HELP or MORE, where that is all that was said ("/menu" too)."""
    return _command(bare(words.split("@")[0]))


@lru_cache(maxsize=256)  # the same few words are said over and over
def _command(plain: str) -> str | None:
    if plain.count(" ") >= _MOST_WORDS:
        return None
    said = plain if plain == "?" else " ".join([token.text for token in tokens(plain) if not token.mark])
    for polite in POLITE:
        said = said.removesuffix(f" {polite}")
    return COMMANDS.get(said)


def optout(words: str) -> Literal["stop", "start", "help"] | None:
    """Whether the whole message is exactly one opt-out word. YES counts only for somebody who had stopped."""
    said = bare(words)
    if said != "stop" and words.lstrip().startswith("/"):  # a command of an app, which no carrier acts on
        return None
    if said in STOP:
        return "stop"
    if said in START:
        return "start"
    return "help" if said in HELP else None


def courtesy(words: str) -> bool:
    """Whether this is only a kind word ("thanks", "ok bye xx"), which nobody wants kept."""
    if len(words) > _MOST_COURTEOUS:
        return False
    said = [token.text for token in tokens(words) if not token.mark]
    return any(word in COURTESIES for word in said) and all(word in COURTEOUS for word in said)


def unfit_words(label: str) -> str | None:
    """The stop, start or help word that a label is, which nobody must be asked to send."""
    said = bare(label)
    return said.upper() if said in STOP | START | HELP else None


def _closed(words: str, question: Question, today: date, *, by_text: bool) -> Reading | None:
    """The first kind of answer that fits; a sure one before a guess."""
    takes = set(question.takes)
    options = question.options or (_YES_NO if "yes-no" in takes else ())
    read: list[Reading | None] = []
    if takes & _CHOICES and options:
        read.append(choose(words, question, options, by_text=by_text))
    if "date" in takes:
        read.append(read_date(words, today))
    if "number" in takes:
        read.append(read_number(words, question))
    fitting = [reading for reading in read if reading]
    return next((reading for reading in fitting if reading.sure), next(iter(fitting), None))


@lru_cache(maxsize=64)  # one turn looks at the same reply several times
def bare(words: str) -> str:
    """Short words without case, accents and what stands around them; of long ones nothing."""
    if len(words) > 100:
        return ""
    start, end = 0, len(words)
    while start < end and _is_mark(words[start]):
        start += 1
    while start < end and _is_mark(words[end - 1]):
        end -= 1
    said = " ".join(fold(words[start:end])[0].split())
    return said or ("?" if "?" in words else "")


def _is_mark(character: str) -> bool:
    return not character.isalnum() and unicodedata.category(character)[0] in "PSZC"
