"""How a question is put on a call, and what the keys pressed there mean. No markup in here.

A menu says one thing at a time, at most eight choices to a page; 9 is kept for the next page, 0 and *
for help and for hearing it again. `words` are the sentences of the house in the language of what is said.
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from channels.text import clean, is_scale, step_word
from flows.events import Option, Question, Say
from flows.readable import pieces
from flows.sentences import Sentences

PAGE = 8
_LONGEST_LINE = 1000
_MOST_HINTS = 100
_UNSAYABLE = frozenset({"So", "Sk", "Co", "Cn"})  # pictures and private signs
_LEFT_BY_PICTURES = frozenset("\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}")

Want = Literal["choice", "several", "number", "date", "record", "keys", "listen", "dial", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a call hears next, and what it then waits for.

    `lines` are said one by one, then comes what is to be played, then `menu`: how to answer.
    `digits`: how many keys are taken, 0 for any until the hash key. `more` is the first option of
    the next page, 0 for none. `skip`: the hash key alone leaves the question out.
    """

    want: Want
    lines: tuple[str, ...]
    menu: tuple[str, ...] = ()
    question: str = ""
    digits: int = 1
    offset: int = 0
    more: int = 0
    skip: bool = False
    hints: tuple[str, ...] = ()


def prompt(say: Say, words: Sentences) -> Prompt:
    """The lines of `say` with its menu, and what is wanted of the caller after them."""
    said = lines(say.spoken or say.text)
    question = say.question
    if say.ends or say.dial:
        return Prompt(want="dial" if say.dial else "end", lines=said)
    if say.record or (question and _open(question)):
        asked = question.id if question else ""
        return Prompt(want="record", lines=said, menu=_tone(said, words), question=asked)
    if question is None:
        return Prompt(want="listen", lines=said)
    if not question.options:
        return _keys(question, said, words)
    if is_scale(question) and _counts_from_one(question):
        return _scale(question, said, words)
    return _menu(question, said, words, say.offset)


def pressed(digits: str, want: str, *, offset: int = 0, more: int = 0, skip: bool = False) -> str:
    """What keys mean as the value of an event.

    On a menu: the position among all options, "more" for the next page, "skip"; several positions
    with spaces between. A date as day/month or day/month/year. Else the keys as they were pressed.
    """
    if digits == "#":
        return "skip" if skip else "#"
    if not digits.isdecimal() or digits == "0":
        return digits
    if want in ("choice", "several") and digits == "9" and more:
        return "more"
    if want == "choice":
        return str(offset + int(digits))
    if want == "several":
        return " ".join(str(offset + int(key)) for key in digits if key != "0" and not (key == "9" and more))
    if want == "date" and len(digits) in (4, 6, 8):
        return "/".join(filter(None, (digits[:2], digits[2:4], digits[4:])))
    return digits


def lines(words: str) -> tuple[str, ...]:
    """Words made fit to be said: line by line, none too long, without signs that can't be said."""
    composed = unicodedata.normalize("NFC", clean(words))
    kept = "".join(
        c for c in composed if unicodedata.category(c) not in _UNSAYABLE and c not in _LEFT_BY_PICTURES
    )
    # The dash in front of a list's point would be said as "dash" or "minus".
    told = [line.strip().removeprefix("- ") for line in kept.splitlines()]
    short = [" ".join(piece.split()) for line in told for piece in pieces(line, _LONGEST_LINE)]
    return tuple(line for line in short if line)


def _open(question: Question) -> bool:
    return not question.options and bool({"text", "voice"} & set(question.takes))


def _tone(said: tuple[str, ...], words: Sentences) -> tuple[str, ...]:
    """Nobody meets a tone unprepared: it is announced where the words do not do so themselves."""
    return () if _names(said, words("keys.tone called")) else (words("keys.tone"),)


def _names(said: tuple[str, ...], what: str) -> bool:
    return any(what in line.casefold() for line in said)


def _keys(question: Question, said: tuple[str, ...], words: Sentences) -> Prompt:
    """A question that is answered in figures, or one that a call cannot answer: then one key."""
    manner: tuple[Want, str] = ("keys", "")
    if "number" in question.takes:
        manner = ("number", words("keys.number"))
    elif "date" in question.takes:
        manner = ("date", words("keys.date"))
    want, how = manner
    if want == "keys":
        return Prompt(want=want, lines=said, question=question.id)
    known = _names(said, words("keys.hash called"))
    menu = (*(() if known else (how,)), *_skip(question, words))
    return Prompt(want=want, lines=said, menu=menu, question=question.id, digits=0, skip=question.optional)


def _counts_from_one(question: Question) -> bool:
    """Whether the key of each step is its own number, and any further choices come after them."""
    keys = [option.key for option in question.options]
    many = sum(key.isdecimal() for key in keys)
    return keys[:many] == [str(n) for n in range(1, many + 1)]


def _scale(question: Question, said: tuple[str, ...], words: Sentences) -> Prompt:
    steps = [option for option in question.options if option.key.isdecimal()]
    ends = [", ".join(filter(None, (step.key, step_word(step)))) for step in (steps[0], steps[-1])]
    others = [
        _choice(question, option, n, words) for n, option in enumerate(question.options, 1) if n > len(steps)
    ]
    one_key = len(question.options) <= PAGE + 1
    return Prompt(
        want="choice" if one_key else "number",
        lines=said,
        menu=(
            words("keys.scale", first=ends[0], last=ends[1]),
            *others,
            *(() if one_key else (words("keys.then hash"),)),
            *_skip(question, words),
        ),
        question=question.id,
        digits=1 if one_key else 0,
        skip=question.optional,
        hints=_hints(question.options),
    )


def _menu(question: Question, said: tuple[str, ...], words: Sentences, offset: int) -> Prompt:
    page = question.options[offset : offset + PAGE]
    more = offset + PAGE if len(question.options) > offset + PAGE else 0
    several = "several" in question.takes
    told = [_choice(question, option, n, words) for n, option in enumerate(page, 1)]
    if more:
        told.append(words("keys.more of several" if several else "keys.more"))
    if several:
        told.append(words("keys.several"))
    return Prompt(
        want="several" if several else "choice",
        lines=said,
        menu=(*told, *_skip(question, words)),
        question=question.id,
        digits=0 if several else 1,
        offset=offset,
        more=more,
        skip=question.optional,
        hints=_hints(page),
    )


def _choice(question: Question, option: Option, key: int, words: Sentences) -> str:
    label = " ".join(lines(option.label)).rstrip(".!?,:; ") or option.key
    label = label.lower() if "yes-no" in question.takes else label
    deed = " ".join(lines(option.spoken)).rstrip(".,") or words("keys.for", choice=label)
    return words("keys.press", deed=deed, key=key)


def _skip(question: Question, words: Sentences) -> tuple[str, ...]:
    return (words("keys.skip"),) if question.optional else ()


def _hints(options: tuple[Option, ...]) -> tuple[str, ...]:
    """What the caller may say, for the speech recogniser, which parts hints by commas."""
    said = (" ".join(option.label.replace(",", " ").split()) for option in options)
    return tuple(label[:100] for label in said if label)[:_MOST_HINTS]
