"""What every command stands on: the open store, tables for people, JSON for programs."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bot import files
from bot.settings import Settings, load
from bot.staff import briefs
from storage.database import Database
from storage.erasure.register import register_in
from storage.files.media import MediaStore
from storage.given import reading
from storage.ids import Ids
from storage.secrets import Secrets
from storage.store import open_store

T = TypeVar("T")
WIDTH = 160  # of a table that goes into a file or another program

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs, and nothing else.")]
MemberName = Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id or number.")]
GroupName = Annotated[str, typer.Argument(metavar="GROUP", help="The group's code, number or id.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """This installation, open. `now` is the moment at which the command began."""

    settings: Settings
    db: Database
    secrets: Secrets
    ids: Ids
    now: datetime

    @property
    def files(self) -> MediaStore:
        return files.media_store(self.settings)


async def keep_file(here: Here, path: Path, *, name: str) -> str:
    """Clean and store a file like any that a member sends; the id of its row. Raise Complaint."""
    data = await asyncio.to_thread(briefs.contents, path)
    given = {"name": name, "called": path.name}
    return await files.keep_file(here.db, here.files, data, **given, ids=here.ids, now=here.now)


def run(work: Callable[[Here], Awaitable[T]]) -> T:
    """Open the store, bring it up to date, do the work, close it."""

    async def whole() -> T:
        settings = load()
        settings.ensure_data_dir()
        secrets = Secrets(settings.secret_key())
        db = await open_store(settings.database_url, secrets)
        try:
            await register_in(settings.data_dir, secrets).keep(db)
            here = Here(settings=settings, db=db, secrets=secrets, ids=Ids(), now=datetime.now(UTC))
            return await work(here)
        finally:
            await db.close()

    return asyncio.run(whole())


def say(*lines: str) -> None:
    """Plain words for the person at the terminal."""
    for line in lines:
        typer.echo(line)


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def told(id: str, state: str, sentence: str, as_json: bool) -> None:
    """What has become of one thing."""
    if as_json:
        print_json({"id": id, "state": state})
    else:
        say(sentence)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Rows below their names; a sentence where there are none. Nothing is cut short."""
    if not rows:
        say(empty)
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        # Members' words are no markup.
        made.add_row(*(_cell(value) for value in row))
    console.print(made, markup=False)


def _cell(value: object) -> Any:
    from rich.text import Text

    shown = "" if value is None else str(value)
    return Text("".join(c for c in shown if c.isprintable() or c == "\n"))


def at(moment: datetime | None) -> str:
    """A moment as lists show it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if moment else ""


def stamp(moment: datetime | None) -> str | None:
    """A moment as programs read it."""
    return reading.moment(moment) if moment else None
