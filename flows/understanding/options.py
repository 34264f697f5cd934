"""How each option of a question may be named: by its place, its words, or nearly its words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from flows.events import Ask, Option, Question
from flows.understanding.talk import NEGATIONS, NO, NONE, SMALL, VAGUE, YES
from flows.understanding.tokens import DAYS, MONTHS, Token, tokens

Keys = frozenset[str]
Phrase = tuple[str, ...]

_EXACT = frozenset((*DAYS, *MONTHS))  # Thursday is not a misspelt Tuesday
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Every way to name the options of one question; what follows from them is worked out once."""

    keys: tuple[str, ...]
    phrases: Mapping[Phrase, Keys]
    words: Mapping[str, Keys]  # single telling words: "library" of "The big library"
    places: Mapping[int, str]  # what a number means
    leads: Mapping[int, Keys]  # numbers that labels begin with: "2pm"
    ranked: bool  # "first", "last" and letters name a place; on a scale they don't
    lettered: bool  # the labels themselves begin with A, B, C
    negative: Keys  # labels with a "not" in them: one word of theirs proves little
    refusal: Keys  # the one option that says "none of these"
    longest: int  # words of a phrase
    glued: Mapping[str, Keys]  # phrases of several words, written as one
    sized: Mapping[int, Sequence[tuple[Phrase, Keys]]]  # phrases by how many words they have
    stems: Mapping[str, Keys]  # the telling words without their endings
    spelt: Sequence[str]  # the telling words that may be misspelt

    def near(self, word: str) -> tuple[Keys, bool] | None:
        """The options that a misspelt word may mean, and whether it is safe to say so."""
        if word in _EXACT or len(word) < 4:
            return None
        apart = {known: OSA.distance(word, known, score_cutoff=4) for known in self.spelt}
        close = [known for known in self.spelt if apart[known] <= _edits(known)]
        if not close:
            return None
        best = min(close, key=lambda known: apart[known])
        rivals = {known for known in self.spelt if apart[known] <= apart[best] + 1}
        keys = frozenset[str]().union(*(self.words[known] for known in rivals))
        return keys, _safe(word, best, apart[best])

    def nearly(self, said: Phrase) -> Keys:
        """The options of whose words the whole reply is a misspelling ("town hal", "townhall")."""
        glued = "".join(said)
        joined = self.glued.get(glued, frozenset[str]())
        if len(said) < 2:
            return joined
        alone = self.phrases.get((glued,), frozenset[str]())
        fitting = [keys for phrase, keys in self.sized.get(len(said), ()) if _alike(said, phrase)]
        return joined.union(alone, *fitting)

    def initials(self, letter: str, *, placed: bool = False) -> Keys:
        """The options that one letter may mean: by place only, or by first letter too."""
        place = self.places.get(_LETTERS.find(letter) + 1)
        begin = [keys for phrase, keys in self.phrases.items() if phrase[0].startswith(letter)]
        return frozenset[str]().union({place} if place else (), *(() if placed else begin))


def names(question: Question, options: Sequence[Option]) -> Names:
    """Gather the names of these options."""
    return _gathered(question.takes, tuple(options))


@lru_cache(maxsize=1024)  # the same menus and votes are answered over and over
def _gathered(takes: tuple[Ask, ...], options: tuple[Option, ...]) -> Names:
    scale = "scale" in takes
    cut = {option.key: _named(option) for option in options}
    lettered = len(options) > 1 and all(
        cut[option.key][0][:1] == [letter] for option, letter in zip(options, _LETTERS, strict=False)
    )
    if lettered or scale:
        cut = {key: [_without_lead(phrase) for phrase in named] for key, named in cut.items()}
    phrases = _phrases(cut, _yes_no(options, asked="yes-no" in takes))
    words = _telling(cut, scale=scale)
    refusing = frozenset[str]().union(*(keys for phrase, keys in phrases.items() if phrase[0] in NONE))
    return Names(
        keys=tuple(option.key for option in options),
        phrases=phrases,
        words=words,
        places=_scale(options) if scale else {at: option.key for at, option in enumerate(options, 1)},
        leads={} if scale else _leads(options),
        ranked=not scale,
        lettered=lettered,
        negative=frozenset(key for key, named in cut.items() if NEGATIONS & set(named[0])),
        refusal=refusing if len(refusing) == 1 else frozenset(),
        longest=max(map(len, phrases), default=0),
        glued=_merged(("".join(phrase), keys) for phrase, keys in phrases.items() if len(phrase) > 1),
        sized=_by_size(phrases),
        stems=_merged((stem(word), keys) for word, keys in words.items()),
        spelt=tuple(word for word in words if len(word) >= 4),
    )


def _merged(found: Iterable[tuple[str, Keys]]) -> dict[str, Keys]:
    merged: defaultdict[str, Keys] = defaultdict(frozenset)
    for name, keys in found:
        merged[name] |= keys
    return dict(merged)


def _by_size(phrases: Mapping[Phrase, Keys]) -> dict[int, list[tuple[Phrase, Keys]]]:
    sized: defaultdict[int, list[tuple[Phrase, Keys]]] = defaultdict(list)
    for phrase, keys in phrases.items():
        sized[len(phrase)].append((phrase, keys))
    return dict(sized)


def stem(word: str) -> str:
    """A word without its ending."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    ending = next((ending for ending in ("ing", "ed", "es", "s") if word.endswith(ending)), "")
    return word.removesuffix(ending) if len(word) - len(ending) >= 4 else word


def core(phrase: Iterable[str]) -> Phrase:
    """The words that tell."""
    return tuple(word for word in phrase if word not in SMALL)


def _named(option: Option) -> list[list[str]]:
    return [_words(phrase) for phrase in (option.label, option.spoken, *option.words)]


def _words(text: str) -> list[str]:
    return [token.text for token in tokens(text) if not token.mark]


def _without_lead(phrase: list[str]) -> list[str]:
    return phrase[1:] if phrase and (phrase[0].isdecimal() or phrase[0] in _LETTERS) else phrase


def _yes_no(options: Sequence[Option], *, asked: bool) -> dict[str, tuple[str, ...]]:
    """The options that mean yes and no; in a yes-no with other labels ("Join"), those in that order."""
    meant: dict[str, str] = {}
    for word in ("yes", "no"):
        keys = [option.key for option in options if word in _also(option)]
        if len(keys) == 1:
            meant[word] = keys[0]
    for word, place in (("yes", 0), ("no", -1)) if asked else ():
        others = [option.key for option in options[:2] if option.key not in meant.values()]
        if word not in meant and others:
            meant[word] = others[place]
    ways = {"yes": YES, "no": NO}
    return {key: ways[word] for word, key in meant.items()}


def _also(option: Option) -> tuple[str, ...]:
    return (option.key, *_words(option.label)[:1], *option.words)


def _phrases(cut: Mapping[str, list[list[str]]], idioms: Mapping[str, tuple[str, ...]]) -> dict[Phrase, Keys]:
    """The options by all their words, with and without the small ones (idioms are kept whole)."""
    found: defaultdict[Phrase, Keys] = defaultdict(frozenset)
    for key, named in cut.items():
        for form in {form for phrase in named for form in (tuple(phrase), core(phrase))}:
            # A label that is only a number is found by its lead, together with its place.
            if form and not (len(form) == 1 and form[0].isdecimal()):
                found[form] |= {key}
    for key, ways in idioms.items():
        for way in ways:
            found[tuple(_words(way))] |= {key}
    return dict(found)


def _telling(cut: Mapping[str, list[list[str]]], *, scale: bool) -> dict[str, Keys]:
    """The options by single words of their labels, and by synonyms of one word."""
    found: defaultdict[str, Keys] = defaultdict(frozenset)
    for key, named in cut.items():
        whole = named if scale else [*named[:2], *(phrase for phrase in named[2:] if len(phrase) == 1)]
        for word in {word for phrase in whole for word in phrase} - VAGUE:
            if len(word) > 1 and word[0].isalpha():
                found[word] |= {key}
    return dict(found)


def _scale(options: Sequence[Option]) -> dict[int, str]:
    """On a scale a number is a value: the option's key, or what its label begins with."""
    found: dict[int, str] = {}
    for option in options:
        lead = _lead(option.label)
        value = int(option.key) if option.key.isdecimal() else lead
        if value is not None:
            found[value] = option.key
    return found


def _leads(options: Sequence[Option]) -> dict[int, Keys]:
    found: defaultdict[int, Keys] = defaultdict(frozenset)
    for option in options:
        lead = _lead(option.label)
        if lead is not None:
            found[lead] |= {option.key}
    return dict(found)


def _lead(label: str) -> int | None:
    first: Token | None = next(iter(tokens(label)), None)
    if first is None or not first.digits or first.ordinal or first.value is None:
        return None
    return int(first.value) if first.value.is_integer() else None


def _edits(known: str) -> int:
    return 1 if len(known) < 6 else 2


def _safe(word: str, known: str, apart: int) -> bool:
    """Whether a misspelling is plain. Short words have too many honest neighbours (bad, bed)."""
    if word[0] != known[0] or apart > 2:
        return False
    if apart == 2:
        return len(known) >= 9
    swapped = sorted(word) == sorted(known)
    return len(known) >= (4 if swapped else 6 if len(word) == len(known) else 5)


def _alike(said: Phrase, phrase: Phrase) -> bool:
    """Whether these are the same words but for their spelling, one of them spelt right."""
    pairs = list(zip(said, phrase, strict=True))
    return any(a == b for a, b in pairs) and all(_alike_word(a, b) for a, b in pairs)


def _alike_word(word: str, known: str) -> bool:
    if word == known:
        return True
    if word in _EXACT or min(len(word), len(known)) < 3 or len(known) < 4 or word[0] != known[0]:
        return False
    return OSA.distance(word, known) <= (1 if len(known) < 9 else 2)
