"""Rows of files that wait at a provider, and what became of each: fetched and stored, or refused."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.events import Attachment
from storage.erasure.removals import of_files
from storage.files.leftovers import reclaim
from storage.files.media import Saved
from storage.secrets import Secrets
from storage.tables import media

LEASE = timedelta(minutes=5)  # longer than any fetch may take: then somebody else may try
PRACTICE = "practice:"  # stands before the channel of what came from a practice phone
_M = media.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A file that is ours to fetch now, `source` where it is to be had, `channel` the way it was sent.

    `tries` counts those before this one.
    """

    id: str
    kind: str
    source: str
    ref: str
    line: str
    tries: int
    at: datetime

    @property
    def channel(self) -> str:
        return self.source.removeprefix(PRACTICE)


def asked(
    secrets: Secrets,
    *,
    id: str,
    channel: str,
    attachment: Attachment,
    line: str | None,
    practice: bool,
    now: datetime,
) -> dict[str, object]:
    """A row of `media` for a file to fetch; after its commit, wake the fetcher.

    `line` is whom to tell if it cannot be kept. On a practice phone it is to be had from there.
    """
    return {
        "id": id,
        "kind": attachment.kind,
        "state": "waiting",
        "channel": PRACTICE + channel if practice else channel,
        "ref": secrets.seal(attachment.ref),
        "line_id": line,
        "type": attachment.type,
        "bytes": attachment.bytes,
        "seconds": attachment.seconds,
        "due_at": now,
        "at": now,
    }


async def add_stored(conn: AsyncConnection, id: str, saved: Saved, *, now: datetime, name: str) -> None:
    """Note a file that was ours from the start, such as what goes along with a brief; raise Away."""
    await reclaim(conn, (saved.sha256, saved.thumb_sha256))
    await conn.execute(media.insert().values(id=id, state="stored", at=now, name=name, **_facts(saved)))


async def claim(
    conn: AsyncConnection,
    secrets: Secrets,
    *,
    now: datetime,
    holder: str,
    sources: Collection[str],
    most: int,
) -> list[Waiting]:
    """Take the files that are due, the longest due first, so that nobody else fetches them meanwhile.

    Those of other sources than these wait, without a try being counted, until theirs is on again.
    """
    due = sa.and_(_free(now), _M.channel.in_(sources), _M.due_at <= now)
    first = sa.select(_M.id).where(due).order_by(_M.due_at, _M.id).limit(most)
    ids = (await conn.scalars(first.with_for_update(skip_locked=True))).all()
    return await _lease(conn, secrets, ids, now=now, holder=holder)


async def claim_one(
    conn: AsyncConnection, secrets: Secrets, id: str, *, now: datetime, holder: str
) -> Waiting | None:
    """Take this file even before it is due; None where it does not wait, or somebody else fetches it."""
    found = sa.select(_M.id).where(_M.id == id, _free(now)).with_for_update(skip_locked=True)
    taken = await _lease(conn, secrets, (await conn.scalars(found)).all(), now=now, holder=holder)
    return taken[0] if taken else None


async def stored(conn: AsyncConnection, id: str, saved: Saved, *, now: datetime) -> bool:
    """Note that a file is kept; False where its row has gone, so that nothing needs it any more.

    Where it came from and from whom is forgotten, there and here: `given` alone says who gave it. Raise Away.
    """
    await of_files(conn, [id], now)
    await reclaim(conn, (saved.sha256, saved.thumb_sha256))
    done = await conn.execute(
        media.update().where(_M.id == id).values(state="stored", **_facts(saved), **_DONE)
    )
    return done.rowcount > 0


async def later(conn: AsyncConnection, id: str, *, due_at: datetime, sentence: str) -> None:
    """Note that a try failed and when the next one is; `sentence` is for the operator."""
    await _put_off(conn, id, tries=_M.tries + 1, due_at=due_at, sentence=sentence)


async def postponed(conn: AsyncConnection, id: str, *, due_at: datetime, sentence: str) -> None:
    """Note when the next try is, where it was no fault of the provider's that this one failed."""
    await _put_off(conn, id, due_at=due_at, sentence=sentence)


async def _put_off(conn: AsyncConnection, id: str, **until: object) -> None:
    await conn.execute(
        media.update()
        .where(_M.id == id, _M.state == "waiting")
        .values(leased_by=None, leased_until=None, **until)
    )


async def refused(conn: AsyncConnection, id: str, *, sentence: str, now: datetime) -> bool:
    """Note that a file will never be kept, and why; False where it is no longer waited for."""
    await of_files(conn, [id], now)
    done = await conn.execute(
        media.update()
        .where(_M.id == id, _M.state == "waiting")
        .values(state="refused", sentence=sentence, **_DONE)
    )
    return done.rowcount > 0


async def overdue(conn: AsyncConnection) -> int:
    """How many files could not be had yet, and are tried again."""
    late = sa.and_(_M.state == "waiting", _M.sentence != "")
    return await conn.scalar(sa.select(sa.func.count()).select_from(media).where(late)) or 0


async def release(conn: AsyncConnection, holder: str) -> None:
    """Give back what a fetcher that stops had taken, without counting a try."""
    await conn.execute(
        media.update()
        .where(_M.leased_by == holder, _M.state == "waiting")
        .values(leased_by=None, leased_until=None)
    )


async def sha256(conn: AsyncConnection, id: str) -> str | None:
    """The hash of a stored file; None while it waits, or where it was refused."""
    found: str | None = await conn.scalar(sa.select(_M.sha256).where(_M.id == id, _M.state == "stored"))
    return found


_DONE = dict.fromkeys(("channel", "ref", "line_id", "due_at", "leased_by", "leased_until"))


def _free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(_M.state == "waiting", sa.or_(_M.leased_until.is_(None), _M.leased_until <= now))


def _facts(saved: Saved) -> dict[str, object]:
    return {
        "kind": saved.kind,
        "type": saved.type,
        "sha256": saved.sha256,
        "thumb_sha256": saved.thumb_sha256,
        "bytes": saved.bytes,
        "width": saved.width,
        "height": saved.height,
    }


async def _lease(
    conn: AsyncConnection, secrets: Secrets, ids: Sequence[str], *, now: datetime, holder: str
) -> list[Waiting]:
    if not ids:
        return []
    await conn.execute(
        media.update().where(_M.id.in_(ids)).values(leased_by=holder, leased_until=now + LEASE)
    )
    rows = await conn.execute(sa.select(media).where(_M.id.in_(ids)).order_by(_M.due_at, _M.id))
    return [
        Waiting(
            id=row.id,
            kind=row.kind,
            source=row.channel or "",
            ref=secrets.open(row.ref) if row.ref else "",
            line=row.line_id or "",
            tries=row.tries,
            at=row.at,
        )
        for row in rows
    ]
