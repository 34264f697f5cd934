"""Which of the shown options a reply chooses, and how sure we may be."""

from collections.abc import Sequence

from flows.events import Option, Question
from flows.understanding.mentions import Search, search
from flows.understanding.options import Keys, Names, names
from flows.understanding.reading import Reading
from flows.understanding.talk import (
    CHATTER,
    DOUBTS,
    HEARD_AS_NUMBERS,
    NEGATIONS,
    NOT_SURE,
    REASON_GOES_ON,
    REASONS,
)
from flows.understanding.tokens import Token, tokens

MOST_WORDS = 40


def choose(
    words: str, question: Question, options: tuple[Option, ...], *, by_text: bool = True
) -> Reading | None:
    """Read a reply as a choice; sure only if nothing is left over but small talk or a reason."""
    said = tokens(words)
    if not said or (len(said) > MOST_WORDS and sum(not token.mark for token in said) > MOST_WORDS):
        return None
    known = names(question, options)
    plainly = _plainly(said, known)
    if len(plainly) == 1:
        return Reading(sure=True, keys=tuple(plainly))
    whole = _read(said, known, question)
    if whole and whole.sure:
        return whole
    for cut in (_reason(said), _aside(said, known)):
        head = _read(said[:cut], known, question) if cut else None
        if head and head.sure and head.keys:
            return Reading(sure=True, keys=head.keys, rest=words[said[cut].start :].strip())
    return whole if whole or by_text else _misheard(said, known)


def _plainly(said: Sequence[Token], known: Names) -> Keys:
    """The options that the whole reply names by a number alone, or by their own words. Most replies do."""
    first = said[0]
    if len(said) == 1 and first.text.isdecimal() and first.value is not None:
        place = known.places.get(int(first.value))
        return known.leads.get(int(first.value), frozenset()) | ({place} if place else frozenset())
    return known.phrases.get(tuple([token.text for token in said]), frozenset())


def _read(said: Sequence[Token], known: Names, question: Question) -> Reading | None:
    several = "several" in question.takes
    found = search(said, known, several=several)
    if not found.found:
        return _read_none(found, question, several=several)
    chosen = frozenset[str]().union(*(keys for keys, _ in found.found))
    keys = tuple(key for key in known.keys if key in chosen)
    plain = all(sure for _, sure in found.found) and not (found.left() or found.stray or found.none)
    fits = _fits_several(found, len(keys), question.most) if several else len(keys) == 1
    return Reading(sure=plain and fits, keys=keys)


def _read_none(found: Search, question: Question, *, several: bool) -> Reading | None:
    """ "None of them" is an answer only where nothing need be chosen; doubt is worth asking again."""
    left = {found.text(at) for at in found.left()}
    if not found.stray and left & DOUBTS and left <= NOT_SURE:
        return Reading(sure=False)
    if left or found.stray or not (found.none or found.both):
        return None
    return Reading(sure=several and question.optional and not found.both)


def _fits_several(found: Search, chosen: int, most: int) -> bool:
    """Whether several choices add up: not too many, no "1-3", no "all" beside one of them."""
    if (most and chosen > most) or (found.both and chosen != 2) or _range(found.said, found.used):
        return False
    single = {key for keys, _ in found.found if len(keys) == 1 for key in keys}
    grouped = any(len(keys) > 1 for keys, _ in found.found)
    return not (grouped and single) or len(single) == chosen


def _range(said: Sequence[Token], used: set[int]) -> bool:
    """Whether two numbers have "-", "to" or "/" between them, which may mean more than the two."""
    return any(
        said[at].text in {"-", "to", "/"} and at not in used and said[at - 1].digits and said[at + 1].digits
        for at in range(1, len(said) - 1)
    )


def _reason(said: Sequence[Token]) -> int:
    """Where a reason begins ("... because it is warm"), 0 for nowhere."""
    for at, token in enumerate(said[:-1]):
        after = REASON_GOES_ON.get(token.text, {said[at + 1].text})
        if at and token.text in REASONS and said[at + 1].text in after:
            return at
    return 0


def _aside(said: Sequence[Token], known: Names) -> int:
    """Where words begin after "2." or "2," that name no other option and take nothing back; 0 for nowhere."""
    if len(said) < 3 or not said[0].digits or said[0].ordinal or not said[1].mark or said[1].text in "/&+":
        return 0
    after = search(said[2:], known, several=True)
    back = NEGATIONS & {token.text for token in said}
    return 0 if back or after.found or after.stray or after.both else 2


def _misheard(said: Sequence[Token], known: Names) -> Reading | None:
    """A telephone hears "to" for 2 and "for" for 4, where nothing else was said."""
    telling = [
        token.text
        for token in said
        if not token.mark and (token.text in HEARD_AS_NUMBERS or token.text not in CHATTER)
    ]
    place = HEARD_AS_NUMBERS.get(telling[0], 0) if len(telling) == 1 else 0
    return Reading(sure=True, keys=(known.places[place],)) if place in known.places else None
