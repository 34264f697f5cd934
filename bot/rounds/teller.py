"""A round that tells people something: each by the way that they like best, in their own language."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Say
from flows.library import Flows
from flows.sentences import Sentences
from storage.database import Database
from storage.sending import telling
from storage.sending.telling import Write


@dataclass(slots=True, kw_only=True)
class Teller:
    """What it works with. `channels` are those that are on; `wake` the lanes once something is to go."""

    db: Database
    flows: Flows
    ids: Callable[[], str]
    channels: Collection[str]
    wake: Callable[[], None]

    @property
    def words(self) -> Sentences:
        return Sentences(self.flows.phrases)

    async def tell(
        self,
        conn: AsyncConnection,
        people: Sequence[str],
        say: Say | Write,
        *,
        kind: str,
        key: str,
        now: datetime,
        subject: str | None = None,
        expires_at: datetime | None = None,
    ) -> set[str]:
        """See `telling.tell`; those for whom there is a way."""
        return await telling.tell(
            conn,
            people,
            say,
            kind=kind,
            key=key,
            ids=self.ids,
            channels=self.channels,
            now=now,
            subject=subject,
            expires_at=expires_at,
        )
