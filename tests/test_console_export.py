"""Getting a group's things out: what is in the ZIP, what is not, and who may fetch it."""

import csv
import io
import json
import zipfile
from typing import Any

import sqlalchemy as sa

from bot.exporting import cells
from storage.given import rewriting
from storage.sessions.drafting import NewPoll
from storage.sessions.polls import close_poll, open_poll
from storage.tables import ballots, contributions, given, media, members, options
from tests.console import Desk
from tests.full_group import fill
from tests.test_console_helping import looks, member

FORMULA = '=HYPERLINK("http://evil")'


async def made(desk: Desk, reach: str = "inside") -> zipfile.ZipFile:
    """Ask for it, let it be written, and fetch it."""
    page = await desk.sam.send("/export", purpose="Our yearly report", reach=reach)
    assert "It is being written" in page.words and "Load this page again" in page.words  # without JavaScript
    assert await desk.app.exporting.once()
    page = await desk.sam.get(looks(page.text))
    assert "Fetch it" in page.words, page.words
    assert (await desk.sam.get(looks(page.text))).status == 204
    ((id_,),) = await desk.rows("SELECT id FROM exports WHERE state = 'ready' ORDER BY asked_at DESC LIMIT 1")
    got = await desk.sam.get(f"/export/{id_}/fetch")
    assert got.headers["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(got.body))


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    data = archive.read(name)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


async def gift(desk: Desk, id_: str, text: str, **more: Any) -> None:
    row = {"id": id_, "group_id": desk.home.id, "flow": "thought", "channel": "sms", "at": desk.clock()}
    async with desk.app.db.write() as conn:
        await conn.execute(contributions.insert().values(**row | {"text": text} | more))
        await conn.execute(given.insert().values(contribution_id=id_, member_id="ada"))


async def test_everything_is_in_it_and_counted(desk: Desk) -> None:
    await fill(desk)
    archive = await made(desk)
    manifest = json.loads(archive.read("manifest.json"))
    given_ = table(archive, "contributions.csv")
    ((number,),) = await desk.rows("SELECT count(*) FROM contributions WHERE taken_back_at IS NULL")
    assert len(given_) == number == manifest["rows"]["contributions.csv"]
    assert manifest["purpose"] == "Our yearly report"
    assert {one["name"] for one in table(archive, "register.csv")} >= {"Ada", "Ben Okoro", "Sam Reed"}
    assert "+447700900101" not in b"".join(archive.read(name) for name in archive.namelist()).decode(
        "latin-1"
    )
    files = [name for name in archive.namelist() if name.startswith("media/")]
    assert len(files) == 2 and any("photo-ada-" in name and name.endswith(".jpg") for name in files)
    first = archive.read("READ-FIRST.txt").decode()
    assert first.startswith("Recordings that are not typed up: 1")
    did = [row[0] for row in await desk.rows("SELECT did FROM audit ORDER BY id")]
    assert "asked to write the group out" in did and "fetched what was written out" in did


async def test_what_is_without_a_name_tells_neither_who_nor_when(desk: Desk) -> None:
    await fill(desk)
    (one,) = [row for row in table(await made(desk), "contributions.csv") if row["without_a_name"] == "yes"]
    assert (one["name"], one["came_by"], len(one["at"])) == ("", "", 10)


async def test_cells_are_no_formulas_and_file_names_no_paths(desk: Desk) -> None:
    await member(desk, name="../../etc/passwd")
    await gift(desk, "c", FORMULA, shown_name="x")
    (row,) = table(await made(desk), "contributions.csv")
    assert row["words"] == f"'{FORMULA}"
    name = cells.file_name("2026-03-10", "../x", "../../etc/passwd", 1, "image/jpeg")
    assert name == "media/2026-03-10-x-etc-passwd-00001.jpg"


async def test_for_others_only_what_its_givers_agreed_to_show(desk: Desk) -> None:
    await member(desk)
    await gift(desk, "c1", "For us alone")
    await gift(desk, "c2", "For all the world", audience="outside")
    archive = await made(desk, reach="outside")
    (row,) = table(archive, "contributions.csv")
    assert (row["words"], row["came_by"], len(row["at"])) == ("For all the world", "", 10)
    assert "register.csv" not in archive.namelist() and "ballots.csv" not in archive.namelist()
    left_out = json.loads(archive.read("manifest.json"))["left_out"]
    assert left_out == {"not meant to be shown outside the group": 1}


async def test_a_secret_vote_has_counts_and_no_people_and_an_open_one_no_choices(desk: Desk) -> None:
    await member(desk)
    app, now, home = desk.app, desk.clock(), desk.home.id
    async with app.db.write() as conn:
        ids = {}
        for name, secret in (("open", False), ("over", False), ("secret", True)):
            new = NewPoll(group=home, question=f"Is it {name}?", options=("Yes, it is", "No"), secret=secret)
            ids[name] = await open_poll(conn, new, ids=app.ids, now=now)
            key = await conn.scalar(sa.select(options.c.key).where(options.c.poll_id == ids[name]))
            ballot = {"poll_id": ids[name], "member_id": "ada", "choices": [key], "channel": "sms", "at": now}
            await conn.execute(ballots.insert().values(**ballot))
        for name in ("over", "secret"):
            await close_poll(conn, ids[name], ids=app.ids, now=now)
    archive = await made(desk)
    cast = table(archive, "ballots.csv")
    assert [(row["vote"], row["name"]) for row in cast] == [(ids["over"], "Ada")]
    votes = {(row["vote"], row["option"]): row["votes"] for row in table(archive, "votes.csv")}
    assert votes[ids["over"], "Yes, it is"] == "1"
    assert votes[ids["open"], "Yes, it is"] == votes[ids["secret"], "Yes, it is"] == ""


async def test_what_is_taken_back_takes_older_copies_along(desk: Desk) -> None:
    await member(desk)
    await gift(desk, "c", "I take this back")
    await made(desk)
    async with desk.app.db.write() as conn:
        await rewriting.take_back(conn, "c", "ada", desk.clock())
    page = await desk.sam.get("/export")
    assert "taken back or hidden since" in page.words and "Fetch it" not in page.words
    assert not await desk.rows("SELECT 1 FROM export_parts")
    assert await desk.rows("SELECT 1 FROM leftovers")


async def test_what_is_hidden_is_in_no_older_copy_for_others(desk: Desk) -> None:
    await member(desk)
    await gift(desk, "c", "Ben took it", audience="outside")
    await made(desk, reach="outside")
    assert "It is hidden" in (await desk.sam.send("/contributions/c/hide", why="names somebody")).words
    assert "Fetch it" not in (await desk.sam.get("/export")).words


async def test_an_export_is_of_its_own_group_and_for_a_day(desk: Desk) -> None:
    await member(desk)
    await made(desk)
    ((id_,),) = await desk.rows("SELECT id FROM exports")
    kim = await desk.browser(await desk.staff(await desk.group("ALLOT"), "Kim"), code="ALLOT")
    assert (await kim.get(f"/export/{id_}/fetch")).status == 404
    async with desk.app.db.write() as conn:
        await conn.execute(sa.text("UPDATE exports SET asked_at = asked_at - 86500000000"))
    assert not await desk.app.exporting.once()
    assert not await desk.rows("SELECT 1 FROM exports")


async def test_what_was_asked_for_needs_a_purpose_and_survives_a_death(desk: Desk) -> None:
    page = await desk.sam.send("/export", purpose=" ", reach="everybody")
    assert page.status == 422 and "Say what it is for." in page.words and "Choose" in page.words
    await member(desk)
    await desk.sam.send("/export", purpose="For us", reach="inside")
    async with desk.app.db.write() as conn:  # as a process that died left it
        past = {"state": "writing", "leased_until": 1}
        await conn.execute(sa.text("UPDATE exports SET state = :state, leased_until = :leased_until"), past)
    assert await desk.app.exporting.once()
    assert "Fetch it" in (await desk.sam.get("/export")).words


async def test_a_file_that_is_gone_is_counted_and_the_rest_comes_along(desk: Desk) -> None:
    known = await fill(desk)
    async with desk.app.db.write() as conn:
        lost = sa.update(media).where(media.c.id == known["file"])
        await conn.execute(lost.values(sha256="0" * 64))
        await conn.execute(sa.update(members).values(practice=False))
    left_out = json.loads((await made(desk)).read("manifest.json"))["left_out"]
    assert left_out["files that are not there any more"] == 1


async def test_practice_comes_along_in_a_group_that_is_only_for_that(desk: Desk) -> None:
    await member(desk)
    await gift(desk, "c", "Only a trial", practice=True)
    assert not table(await made(desk), "contributions.csv")
    async with desk.app.db.write() as conn:
        await conn.execute(sa.text("UPDATE groups SET practice = true"))
    assert [row["words"] for row in table(await made(desk), "contributions.csv")] == ["Only a trial"]
