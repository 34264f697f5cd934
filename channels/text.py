"""What channels that write share: choices as numbered lines, and answers cut to a few SMS parts.

`words` are the sentences of the house in the language of what is said.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from flows.events import Option, Question, Say
from flows.readable import parts, pieces, simplify
from flows.sentences import Sentences

# Less than this before "Text MORE" says nothing: then the choices are cut along with the words.
_WORTH_SENDING = 40
_LONGEST_PART = 160
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # Unicode's Cc and Cs, but tab and newline
_DIGIT_FIRST = re.compile(r"\s*\d")


def clean(words: str) -> str:
    """Somebody's words without what no database, log or provider takes: controls, half characters."""
    return _UNFIT.sub("", words)


def numbered(say: Say, words: Sentences) -> str:
    """The words of `say` with its choices below, for channels that have no buttons."""
    return "\n".join(line for line in (say.text, choices(say.question, words)) if line)


def choices(question: Question | None, words: Sentences) -> str:
    """The lines that tell somebody what they can answer; "" where any words will do."""
    if question is None:
        return ""
    if is_scale(question):
        lines = [_scale(question.options, words)]
    else:
        lines = [_either(question, words) or listed(question.options)]
    if "several" in question.takes:
        lines.append(several_hint(question, words))
    if question.optional:
        lines.append(words("choose.skip"))
    return "\n".join(line for line in lines if line)


def _either(question: Question, words: Sentences) -> str:
    """Two choices that are deeds, in one line: "Reply 1 to join, 2 for no thank you."; else ""."""
    if (
        question.takes != ("choice",)
        or len(question.options) != 2
        or not all(one.spoken for one in question.options)
    ):
        return ""
    first, second = (one.spoken[0].lower() + one.spoken[1:] for one in question.options)
    return words("choose.either", first=first, second=second)


def listed(options: Sequence[Option]) -> str:
    """One numbered line for each option, in the order in which they are kept."""
    # "1 2pm" reads as one number, "1) 2pm" does not.
    labels = [_without_place(option, n) for n, option in enumerate(options, start=1)]
    mark = ")" if any(_DIGIT_FIRST.match(label) for label in labels) else ""
    return "\n".join(f"{n}{mark} {label}" for n, label in enumerate(labels, start=1))


def is_scale(question: Question) -> bool:
    """Whether its options are steps whose ends alone have words, answered by their own number."""
    steps = _steps(question.options)
    return "scale" in question.takes and len(steps) > 1 and not any(map(step_word, steps[1:-1]))


def scale_ends(options: Sequence[Option], words: Sentences) -> str:
    """What the two ends of a scale mean: "1 is very bad, 5 is very good"; "" where nothing says."""
    steps = _steps(options)
    ends = [(step.key, step_word(step)) for step in (steps[0], steps[-1])] if steps else []
    return ", ".join(words("choose.step", key=key, word=word) for key, word in ends if word)


def step_word(step: Option) -> str:
    """What a step of a scale is called beside its number: "5 (very good)" is called "very good"."""
    words = re.sub(rf"^{re.escape(step.key)}(?!\d)", "", step.label.strip())
    return words.strip(" ()-\N{EN DASH}:,.=")


def several_hint(question: Question, words: Sentences) -> str:
    """How to choose more than one option by their numbers."""
    example = " ".join(str(n) for n in (1, 3, 2) if n <= len(question.options))[:3]
    return words("choose.up to" if question.most else "choose.several", most=question.most, example=example)


def fit_parts(say: Say, words: Sentences, most: int = 3) -> tuple[Say, str]:
    """The part of `say` that fits `most` SMS parts with its choices, and the words left for MORE.

    Choices too long to stand below any words are cut along with them: then `question` is None in
    what is returned, since its words carry the choices already.
    """
    if not most or _fits(numbered(say, words), most):
        return say, ""
    below, more = choices(say.question, words), words("choose.more")
    head, rest = _cut(say.text.strip(), f"{more}\n{below}".strip(), most)
    if head or not below:
        return replace(say, text=f"{head}\n{more}"), rest
    head, rest = _cut(numbered(say, words).strip(), more, most)
    return replace(say, text=f"{head}\n{more}", question=None), rest


def _cut(words: str, tail: str, most: int) -> tuple[str, str]:
    """The longest beginning of `words` that fits above `tail`, and the rest; ("", words) for none."""
    start = words[: 2 * most * _LONGEST_PART]
    most_characters = range(1, most * _LONGEST_PART)
    end = bisect_right(most_characters, most, key=lambda n: parts(simplify(f"{start[:n]}\n{tail}")))
    # A shorter beginning may need more room, where it alone can be put in plainer characters.
    for room in range(len(start[:end].encode("utf-16-le")) // 2, _WORTH_SENDING - 1, -1):
        head = pieces(start, room)[0].rstrip()
        if _fits(f"{head}\n{tail}", most):
            return head, words[len(head) :].strip()
    return "", words


def _fits(words: str, most: int) -> bool:
    # Putting it in plainer characters makes no text longer that has only plain ones.
    return parts(words) <= most or parts(simplify(words)) <= most


def _without_place(option: Option, place: int) -> str:
    """A step "2, so-so" that stands in the second line is "so-so" there."""
    return step_word(option) or option.label if option.key == str(place) else option.label


def _steps(options: Sequence[Option]) -> list[Option]:
    return [option for option in options if option.key.isdecimal()]


def _scale(options: Sequence[Option], words: Sentences) -> str:
    steps = _steps(options)
    ends = [
        f"{step.key} ({word})" if (word := step_word(step)) else step.key for step in (steps[0], steps[-1])
    ]
    lines = [words("choose.scale", first=ends[0], last=ends[1])]
    lines += [words("choose.or", choice=option.label) for option in options if option not in steps]
    return "\n".join(lines)
