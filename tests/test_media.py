"""Photos and recordings are kept whole, in a folder and in a bucket alike, and trouble is said in words."""

import asyncio
import os
import stat
from pathlib import Path

import pytest
from aiohttp import web

from storage.files.media import Lost, MediaStore
from storage.files.media_folder import Folder
from storage.files.media_place import Away
from storage.files.prepared import Prepared
from tests.buckets import FakeS3
from tests.twilio_requests import serving

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(params=["folder", "bucket"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, s3: FakeS3) -> MediaStore:
    """What holds for one holds for the other."""
    return MediaStore(Folder(tmp_path) if request.param == "folder" else s3.place())


def files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("**/*") if path.is_file()]


async def test_a_file_is_stored_once_and_given_back(store: MediaStore) -> None:
    first, second = await asyncio.gather(store.save(b"words"), store.save(b"words"))
    assert first == second
    assert await store.load(first) == b"words"
    assert await store.has(first)


async def test_a_large_file_is_given_back_piece_by_piece(store: MediaStore) -> None:
    large = os.urandom(3_000_000)
    pieces = [piece async for piece in store.read(await store.save(large))]
    assert b"".join(pieces) == large
    assert len(pieces) > 1


async def test_a_prepared_photo_is_stored_with_its_thumbnail(store: MediaStore) -> None:
    kept = await store.keep(
        Prepared(kind="photo", type="image/png", data=b"large", thumb=b"small", width=30, height=20)
    )
    assert kept.thumb_sha256
    assert await store.load(kept.sha256) == b"large"
    assert await store.load(kept.thumb_sha256) == b"small"
    assert kept.bytes == 5


async def test_a_removed_file_is_gone_and_said_to_be(store: MediaStore) -> None:
    name = await store.save(b"words")
    await store.remove(name)
    await store.remove(name)
    assert not await store.has(name)
    with pytest.raises(Lost, match=name[:8]):
        await store.load(name)
    with pytest.raises(Lost, match=name[:8]):
        [_ async for _ in store.read(name)]


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63])
async def test_only_a_hash_names_a_file(store: MediaStore, name: str) -> None:
    with pytest.raises(ValueError, match="no hash"):
        await store.load(name)


async def test_a_folder_can_be_copied_into_a_bucket_as_it_is(tmp_path: Path, s3: FakeS3) -> None:
    name = await MediaStore(Folder(tmp_path)).save(b"words")
    [file] = files(tmp_path)
    assert not stat.S_IMODE(file.stat().st_mode) & 0o077
    await s3.place().put(str(file.relative_to(tmp_path)), file.read_bytes())
    assert await MediaStore(s3.place()).load(name) == b"words"


async def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Away, match=r"No space .* is not full"):
        await MediaStore(Folder(tmp_path)).save(b"words")
    assert files(tmp_path) == []


async def test_a_bucket_that_is_away_is_no_file_that_is_lost(s3: FakeS3) -> None:
    store = MediaStore(s3.place(endpoint=NOWHERE))
    asked = (store.save(b"words"), store.load("a" * 64), store.has("a" * 64), store.remove("a" * 64))
    for said in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(said, Away)
        assert "see that TAKEPART_MEDIA_URL" in str(said)
        assert NOWHERE not in str(said)


async def test_a_bucket_that_is_not_there_is_named_as_what_is_wrong(s3: FakeS3) -> None:
    store = MediaStore(s3.place(url="s3://nobody-made-this"))
    for asked in (store.save(b"words"), store.load("a" * 64), store.remove("a" * 64)):
        with pytest.raises(Away, match="make the one that TAKEPART_MEDIA_URL names"):
            await asked


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (403, "AccessDenied", "let its user read, write and delete"),
        (400, "AuthorizationHeaderMalformed", "AWS_REGION"),
        (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
        (403, "RequestTimeTooSkewed", "clock"),
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (418, "Teapot", r"cannot be used \(Teapot\)"),
    ],
)
async def test_what_a_bucket_complains_of_is_said_with_its_remedy(
    status: int, code: str, says: str, s3: FakeS3
) -> None:
    async def complain(_: web.Request) -> web.Response:
        return web.Response(
            status=status, text=f"<Error><Code>{code}</Code><Message>key 7hush</Message></Error>"
        )

    async with serving(complain) as origin:
        with pytest.raises(Away, match=says) as said:
            await MediaStore(s3.place(endpoint=origin)).load("a" * 64)
    assert "7hush" not in str(said.value)


async def test_what_cannot_even_be_put_there_is_not_taken_for_lost(s3: FakeS3) -> None:
    async def nothing(_: web.Request) -> web.Response:
        return web.Response(status=404)

    async with serving(nothing) as origin:
        with pytest.raises(Away):
            await MediaStore(s3.place(endpoint=origin)).save(b"words")
