"""A file goes when nobody needs it any more, and only then, however many name it and whoever is away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.database import Database
from storage.files import fetches
from storage.files.leftovers import LEASE, discard, reclaim, sweep
from storage.files.media import MediaStore, Saved
from storage.files.media_folder import Folder
from storage.files.media_place import Away
from storage.tables import leftovers, media

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(Folder(tmp_path / "media"))


async def named(db: Database, store: MediaStore, id: str) -> str:
    """A row that names the one photo there is; the photo's hash."""
    sha256 = await store.save(b"photo")
    facts = Saved(
        kind="photo", type="image/png", sha256=sha256, thumb_sha256=None, bytes=5, width=1, height=1
    )
    async with db.write() as conn:
        await fetches.add_stored(conn, id, facts, now=NOW, name="")
    return sha256


async def dropped(db: Database, id: str, sha256: str) -> None:
    async with db.write() as conn:
        await conn.execute(media.delete().where(media.c.id == id))
        await discard(conn, [sha256, None])


async def test_a_file_goes_when_the_last_row_that_names_it_has_gone(db: Database, store: MediaStore) -> None:
    sha256 = await named(db, store, "one")
    await named(db, store, "two")
    for id_, there in (("one", True), ("two", False)):
        await dropped(db, id_, sha256)
        await sweep(db, store, NOW)
        assert await store.has(sha256) == there


async def test_what_is_named_again_in_the_meantime_stays(db: Database, store: MediaStore) -> None:
    sha256 = await named(db, store, "one")
    await dropped(db, "one", sha256)
    await named(db, store, "two")
    assert await sweep(db, store, NOW) == 0
    assert await store.has(sha256)


async def test_what_could_not_be_removed_is_tried_again(
    db: Database, store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: str) -> None:
        raise Away("The bucket is away.")

    sha256 = await named(db, store, "one")
    await dropped(db, "one", sha256)
    with monkeypatch.context() as patch, pytest.raises(Away):
        patch.setattr(store, "remove", away)
        await sweep(db, store, NOW)
    assert await sweep(db, store, NOW + timedelta(seconds=1)) == 0
    assert await sweep(db, store, NOW + LEASE) == 1
    assert not await store.has(sha256)


async def test_nobody_names_a_file_that_is_just_being_removed(
    db: Database, store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = await named(db, store, "one")
    await dropped(db, "one", sha256)

    async def meanwhile(_: str) -> None:
        with pytest.raises(Away, match="at this moment"):
            async with db.write() as conn:
                await reclaim(conn, [sha256])

    monkeypatch.setattr(store, "remove", meanwhile)
    assert await sweep(db, store, NOW) == 1


async def test_what_was_named_at_the_very_moment_it_was_let_go_of_stays(
    db: Database, store: MediaStore
) -> None:
    sha256 = await named(db, store, "one")
    async with db.write() as conn:  # as if by two writes that did not see each other
        await conn.execute(leftovers.insert().values(sha256=sha256))
    assert await sweep(db, store, NOW) == 0
    assert await store.has(sha256)
