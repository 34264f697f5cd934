"""How long each of the facilitators' pages takes in a large group after years: in process."""

import re
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import sqlalchemy as sa
from starlette.types import Message

from benchmarks import bound, report
from benchmarks.crowd import gather
from benchmarks.load import run
from benchmarks.processes import folder, settings
from benchmarks.years import pass_by
from bot.app import App
from bot.web.console.pages import pages
from bot.web.staff_only import COOKIE
from storage.door import sessions
from storage.tables import contributions, members

PEOPLE, GIFTS = 2_000, 5  # of one group: 10,000 contributions
SECONDS = 1.0  # a page is to take less
NAME = re.compile(r"{(\w+)(?::\w+)?}")
SLOWEST = 20  # of all pages are shown
LOOKED_FOR = {
    "the newest": "",
    "one way of giving": "?flow=diary",
    "one person": "?person=Ada+7",
    "words that many say": "?words=beans",
    "words that nobody says": "?words=penguins",
    "a name of what is asked": "?words=feeling",
    "long ago": "?until=2020-01-01",
}


def main(short: bool = False) -> None:
    """Pages of a large group; no page is to take as long as a second."""
    people, gifts, rounds, share = (50, 1, 2, 0.01) if short else (PEOPLE, GIFTS, 7, 1.0)
    with folder() as data:
        run(gather(data, people, group=people, gifts=gifts, phones=False))
        rows = run(_measure(data, rounds, share))
    rows = sorted(rows, key=lambda row: float(str(row["ms by the clock"])), reverse=True)
    facts = {
        "pages": len(rows),
        "contributions": people * gifts,
        "failed": sum(int(str(row["failed"])) for row in rows),
        "slowest_page": bound(float(str(rows[0]["ms by the clock"])) / 1000, SECONDS),
    }
    report("console", rows[:SLOWEST], **facts)


async def _measure(data: Path, rounds: int, share: float) -> Sequence[Mapping[str, object]]:
    async with AsyncExitStack() as opened:
        app = App(settings(data))
        await app.open()
        opened.push_async_callback(app.stop)
        cookie = await _signed_in(app)
        found = await pass_by(app.db, app.ids, app.clock(), share)
        places = {f"contributions, {name}": f"/contributions{query}" for name, query in LOOKED_FOR.items()}
        places["contributions, page 100"] = f"/contributions?after={await _deep(app)}"
        places |= _all(found)
        return [await _page(app, name, path, cookie, rounds) for name, path in places.items()]


def _all(found: Mapping[str, str]) -> Mapping[str, str]:
    """Every page of a group of whose things there is an example, once, by its address."""
    whole = [page for page in pages() if page.show and page.group and not page.part]
    shown = {page.show: page for page in reversed(whole) if set(NAME.findall(page.path)) <= set(found)}
    return {page.path or "/": NAME.sub(lambda name: found[name[1]], page.path) for page in shown.values()}


async def _signed_in(app: App) -> str:
    """The cookie of somebody who runs the group."""
    async with app.db.write() as conn:
        who = await conn.scalar(sa.select(members.c.id).order_by(members.c.id).limit(1)) or ""
        await conn.execute(sa.update(members).where(members.c.id == who).values(permission="facilitator"))
        return await sessions.begin(conn, app.secrets, [who], ids=app.ids, now=datetime.now(UTC))


async def _deep(app: App) -> str:
    """Where somebody is who has turned half of all pages."""
    c = contributions.c
    number = sa.select(sa.func.count() // 2).select_from(contributions).scalar_subquery()
    async with app.db.read() as conn:
        found = sa.select(c.at, c.id).order_by(c.at.desc(), c.id.desc()).offset(number).limit(1)
        row = (await conn.execute(found)).one()
    return f"{int(row.at.timestamp() * 1_000_000)}-{row.id}"


async def _page(app: App, name: str, path: str, cookie: str, rounds: int) -> Mapping[str, object]:
    walls, cpus, sizes, failed = [], [], [], 0
    for _ in range(rounds):
        wall, cpu = perf_counter(), process_time()
        status, size = await _get(app, f"/console/group0{path}", cookie)
        walls.append(1000 * (perf_counter() - wall))
        cpus.append(1000 * (process_time() - cpu))
        sizes.append(size)
        failed += status != 200
    row = {"page": name, "ms by the clock": median(walls), "processor ms": median(cpus)}
    return row | {"kB": max(sizes) / 1000, "failed": failed}


async def _get(app: App, path: str, cookie: str) -> tuple[int, int]:
    """One request, straight into the service; the answer's status and size."""
    where, _, query = path.partition("?")
    headers = [(b"host", b"localhost"), (b"cookie", f"{COOKIE}={cookie}".encode())]
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "root_path": "",
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app.web(scope, receive, send)
    return sent[0]["status"], sum(len(one.get("body", b"")) for one in sent)
