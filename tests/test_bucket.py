"""Photos in a bucket, through the real program: shared, erased, and waited for while the bucket is away."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from PIL import Image

from bot.fetch import AWAY_WAIT
from tests.buckets import FakeS3
from tests.world import ADA, World, open_world

NOWHERE = "http://127.0.0.1:9"
STORED = "SELECT sha256 FROM media WHERE state = 'stored'"


@pytest.fixture
async def world(tmp_path: Path, migrated: Path, s3: FakeS3) -> AsyncIterator[World]:
    settings: dict[str, Any] = s3.settings
    async with open_world(tmp_path, migrated, **settings) as opened:
        await opened.group()
        await opened.joined(ADA)
        yield opened


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(out, "PNG")
    return out.getvalue()


async def shares_a_photo(world: World) -> None:
    await world.texts(ADA, "photo")
    had = len(world.twilio.sent_to(ADA))
    await world.twilio.text(ADA, "", media=[(picture(), "image/png")])
    await world.twilio.next_text(ADA, after=had)


async def test_a_photo_goes_into_the_bucket_and_out_of_it_when_it_is_taken_back(
    world: World, tmp_path: Path
) -> None:
    await shares_a_photo(world)
    ((sha256,),) = await world.until(STORED)
    assert await world.app.files.has(sha256)
    assert not (tmp_path / "media").exists()
    await world.texts(ADA, "1", "skip", "undo")
    for table in ("media", "leftovers"):
        await world.until(f"SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM {table})")  # noqa: S608
    assert not await world.app.files.has(sha256)


async def test_a_photo_waits_for_a_bucket_that_is_away(
    world: World, s3: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(world.app.files, "_place", s3.place(endpoint=NOWHERE))
        await shares_a_photo(world)
        (row,) = await world.until("SELECT sentence, tries FROM media WHERE sentence != ''")
        assert ("bucket" in row.sentence, row.tries) == (True, 0)
    world.clock.forward(AWAY_WAIT)
    world.app.fetcher.wake()
    ((sha256,),) = await world.until(STORED)
    assert await world.app.files.has(sha256)


async def test_whoever_opens_a_photo_while_the_bucket_is_away_is_told_kindly(
    world: World, s3: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shares_a_photo(world)
    ((id_,),) = await world.until("SELECT id FROM media WHERE state = 'stored'")
    address = f"{world.url}/media/{world.app.secrets.sign(id_)}"
    async with ClientSession() as session:
        monkeypatch.setattr(world.app.files, "_place", s3.place(endpoint=NOWHERE))
        async with session.get(address) as answer:
            assert (answer.status, "try again" in await answer.text()) == (503, True)
