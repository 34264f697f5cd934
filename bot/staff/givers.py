"""What is done about something that a member gave, and telling its giver: for commands and for pages."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.sending import notices
from flows.sentences import Sentences
from flows.wording import Text
from storage.given import hiding, replying
from storage.given.browsing import Contribution
from storage.members.groups import Home
from storage.members.people import Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What telling somebody takes; `channels` are those that are on."""

    words: Sentences
    ids: Callable[[], str]
    channels: Collection[str]
    now: datetime


async def hide(conn: AsyncConnection, gift: str, why: str, *, by: Listed, means: Means) -> bool:
    """Hide it from the others, and tell its giver; whether there is a way to them. Raise Complaint."""
    hidden = await hiding.hide(conn, gift, why=why, by=by, ids=means.ids, now=means.now)
    say = means.words.each(notices.hidden, hidden.why)
    return await hiding.tell(
        conn, hidden, say, key="hidden", ids=means.ids, channels=means.channels, now=means.now
    )


async def review(
    conn: AsyncConnection, gift: str, *, show: bool, by: Listed, means: Means
) -> tuple[str, bool]:
    """Decide as a second person, and tell its giver; why it was hidden, and the same. Raise Complaint."""
    hidden = await hiding.review(conn, gift, show=show, by=by, ids=means.ids, now=means.now)
    say = means.words.each(notices.reviewed, hidden.why, show=show)
    key = "shown again" if show else "stays hidden"  # who looks twice may say first one, then the other
    told = await hiding.tell(
        conn, hidden, say, key=key, ids=means.ids, channels=means.channels, now=means.now
    )
    return hidden.why, told


async def answer(
    conn: AsyncConnection,
    gift: Contribution,
    body: str,
    *,
    home: Home,
    title: Text | None,
    by: str,
    means: Means,
) -> None:
    """Answer it, by the way that it came. `title` is what its giver calls it. Raise Complaint."""
    say = means.words.each(
        notices.replied,
        replying.checked(body),
        group=home.name,
        gift=None if gift.unnamed else title,
        at=gift.at,
        zone=home.zone,
        now=means.now,
    )
    await replying.reply(
        conn, gift.id, body, say, by=by, ids=means.ids, channels=means.channels, now=means.now
    )
