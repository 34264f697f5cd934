"""What can be seen of an address without an account: whether it answers, and what time it is there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiohttp import ClientConnectorCertificateError, ClientError, ClientSession, ClientTimeout

PATIENCE = ClientTimeout(total=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`status` is 0 where nothing answered; `time` is None where the answer did not say."""

    status: int = 0
    time: datetime | None = None
    distrusted: bool = False  # its certificate is not accepted


async def look_at(url: str) -> Seen:
    """Ask an address for its head alone, following it nowhere else."""
    try:
        async with (
            ClientSession(timeout=PATIENCE) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            return Seen(status=answer.status, time=_time(answer.headers.get("Date", "")))
    except ClientConnectorCertificateError:
        return Seen(distrusted=True)
    except (ClientError, TimeoutError, OSError, ValueError):
        return Seen()


def _time(date: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(date)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
