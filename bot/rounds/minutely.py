"""What the service looks at each minute, put together: late hand-overs, check-ins, what has had its time."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from bot.rounds.admitting import Admitting
from bot.rounds.checkins import Checkins
from bot.rounds.guesses import Guesses
from bot.rounds.helping import Helping
from bot.rounds.reminding import Reminding
from bot.rounds.retention import Retention
from bot.rounds.rounds import Round
from bot.rounds.unrecognised import Unrecognised
from flows.library import Flows
from storage.database import Database
from storage.secrets import Secrets


def rounds(
    *,
    db: Database,
    flows: Flows,
    secrets: Secrets,
    ids: Callable[[], str],
    channels: Collection[str],
    wake: Callable[[], None],
) -> Mapping[str, Round]:
    """The rounds by name. `wake` is called when something is to be sent."""
    tells: dict[str, Any] = {"db": db, "flows": flows, "ids": ids, "channels": channels, "wake": wake}
    helping = Helping(**tells)
    return {
        "unheard": Reminding(**tells).round,
        "handovers": helping.late,
        "old hand-overs": helping.forget,
        "retention": Retention(**tells).round,
        "admitting": Admitting(**tells).told,
        "guesses": Guesses(db=db).round,
        "unrecognised": Unrecognised(db=db, secrets=secrets, ids=ids).round,
        "checkins": Checkins(**tells).round,
    }
