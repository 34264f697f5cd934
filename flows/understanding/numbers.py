"""A reply to a question about a number."""

import re
from collections.abc import Sequence

from flows.events import Question
from flows.understanding.reading import Reading
from flows.understanding.talk import CHATTER, NEGATIONS
from flows.understanding.tokens import Token, listed, minus, tokens

_THOUSANDS = re.compile(r"(?<=\d)[,\u00a0\u202f](?=\d{3}(?!\d))")
_MOST_WORDS = 40
_AROUND = CHATTER | listed(
    "about around roughly maybe probably approximately nearly almost over under exactly total altogether "
    "minute minutes min mins hour hours hr hrs day days week weeks month months year years yrs old "
    "time times mile miles km people person pound pounds pence p quid percent minus"
)
_MEANING = {"once": 1, "twice": 2, "dozen": 12, "half": 0.5, "none": 0, "nil": 0, "nought": 0, "nothing": 0}


def read_number(words: str, question: Question) -> Reading | None:
    """One number within the bounds; unsure where there are several, or unknown words beside it."""
    said = tokens(_THOUSANDS.sub("", words))
    if len(said) > 2 * _MOST_WORDS:
        return None
    values, left = _values(said)
    fitting = [value for value in values if _within(value, question)]
    if not fitting:
        return None
    sure = len(values) == 1 and not left
    return Reading(sure=sure, number=float(fitting[0]) if len(fitting) == 1 else None)


def _values(said: Sequence[Token]) -> tuple[list[float], bool]:
    """The numbers said, and whether other telling words are left."""
    values: list[float] = []
    left = False
    for at, token in enumerate(said):
        value = token.value if token.value is not None else _MEANING.get(token.text)
        if token.text == "half" and values and said[at - 1].text == "a":  # "two and a half"
            values[-1] += 0.5
        elif value is not None:
            below = minus(said, at) or (at > 0 and said[at - 1].text == "minus")
            values.append(-value if below else value)
            left = left or token.ordinal
        elif not token.mark and not token.symbol:
            left = left or token.text not in _AROUND or token.text in NEGATIONS
    return values, left


def _within(value: float, question: Question) -> bool:
    return question.low == question.high == 0 or question.low <= value <= question.high
