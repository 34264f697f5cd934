"""How votes are asked for and counted, and the plain words that say the result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.events import Question
from flows.polls import Poll

FEW = 5  # of a secret poll with fewer voters only the outcome is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A counted poll. Counts and percentages are by option key, and None where too few voted in secret."""

    options: tuple[tuple[str, str], ...]  # key and label, in the order shown
    counts: Mapping[str, int] | None
    percentages: Mapping[str, int] | None  # of those who voted; with several choices more than 100 in all
    voted: int
    eligible: int
    winners: tuple[str, ...]  # keys; more than one is a tie


def ballot_of(poll: Poll, *, text: str = "", spoken: str = "", frame: str = "") -> Question:
    """A poll as a question: its id is the poll's, so that a late button still finds it."""
    return Question(
        id=poll.id,
        name="ballot",
        text=text or poll.question,
        spoken=spoken,
        takes=("several",) if poll.several else ("choice",),
        options=poll.options,
        most=poll.most,
        poll=poll.id,
        frame=frame,
    )


def count(
    options: Sequence[tuple[str, str]], choices: Sequence[Sequence[str]], *, secret: bool, eligible: int
) -> Result:
    """Count `choices`: for each voter the keys chosen. Raise ValueError for a key that was not offered."""
    keys = [key for key, _ in options]
    unknown = {key for chosen in choices for key in chosen} - set(keys)
    if unknown:
        raise ValueError(f"{len(unknown)} of the keys chosen are not options of this poll.")
    counts = {key: sum(key in chosen for chosen in choices) for key in keys}
    most = max(counts.values(), default=0)
    few = secret and 0 < len(choices) < FEW
    return Result(
        options=tuple((key, label) for key, label in options),
        counts=None if few else counts,
        percentages=None if few else {key: _percent(votes, len(choices)) for key, votes in counts.items()},
        voted=len(choices),
        eligible=eligible,
        winners=tuple(key for key in keys if most and counts[key] == most),
    )


def sentence(result: Result) -> str:
    """The result in plain words: who won, and how many of those who could have voted did."""
    if not result.voted:
        return f"Nobody voted. {_people(result.eligible)} could have."
    if result.counts is None:
        return f"{_outcome(result)}. {_turnout(result)}, so we don't say how many chose each."
    return f"{_outcome(result)}{_votes(result, result.counts)}. {_turnout(result)}."


def lines(result: Result) -> tuple[str, ...]:
    """One line for each option, in the order shown; none where the counts are not told."""
    if result.counts is None or result.percentages is None:
        return ()
    return tuple(
        f"{label}: {_some_votes(result.counts[key])}, {result.percentages[key]}%"
        for key, label in result.options
    )


def _percent(votes: int, voted: int) -> int:
    """Rounded, but somebody is never 0%, and 100% is everybody."""
    if not voted or votes in (0, voted):
        return 100 if votes else 0
    return min(99, max(1, (200 * votes + voted) // (2 * voted)))


def _outcome(result: Result) -> str:
    labels = dict(result.options)
    won = [labels[key].rstrip(". ") for key in result.winners]
    if not won:
        return "Nobody chose any of the options"
    if len(won) == 1:
        return f"{won[0]} won"
    return f"It is a tie between {', '.join(won[:-1])} and {won[-1]}"


def _votes(result: Result, counts: Mapping[str, int]) -> str:
    """What the winners got. Where several could be chosen there are more votes than people."""
    if not result.winners:
        return ""
    votes, voted = counts[result.winners[0]], result.voted
    if len(result.winners) > 1:
        return f", with {_some_votes(votes)} each"
    if sum(counts.values()) != voted:
        return f", chosen by {votes} of {_people(voted)}"
    if votes == voted:
        return f" with all {votes} votes" if votes > 1 else " with the only vote"
    return f" with {votes} of {voted} votes"


def _turnout(result: Result) -> str:
    """Somebody who voted and left is still counted, so that more may have voted than could now."""
    if result.voted > result.eligible:
        return f"{_people(result.voted)} voted"
    return f"{result.voted} of {_people(result.eligible)} voted"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _some_votes(number: int) -> str:
    return "1 vote" if number == 1 else f"{number} votes"
