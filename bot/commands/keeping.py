"""Keeping and losing: `takepart backup`, `restore`, `copy`, `resume`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from bot.commands.base import Here, Json, at, print_json, run, say, stamp, table
from bot.files import media_store
from bot.quiet import nobody_elsewhere, nobody_serving
from bot.settings import DATABASES, Settings, load
from storage.database import Database
from storage.erasure.register import Register, register_in
from storage.keeping import backups, copying, resuming
from storage.keeping.backups import Backup, Manifest
from storage.keeping.copying import Put
from storage.keeping.holding import held
from storage.keeping.resuming import Plan, Terms
from storage.members.groups import Complaint
from storage.running import beginnings
from storage.secrets import Secrets
from storage.store import open_store

CHANGED = {
    "stopped": "who had asked us to stop, and are stopped",
    "started": "who had started again, and are active",
    "left": "who had left",
    "erased": "who had been erased, and are erased again",
    "wishes": "whose wish about being rung or written to is kept",
    "ways": "numbers and chats that no longer led to somebody",
    "lines": "numbers and chats that had stopped us, or started again",
    "taken back": "contributions that had been taken back",
    "narrowed": "contributions that only the facilitators may read",
}

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup, one file.")]


def backup(
    file: BackupFile,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file of that name.")] = False,
    as_json: Json = False,
) -> None:
    """Write everything into one file: all data, photos and recordings. The service may be running.

    takepart backup takepart-monday.zip
    """

    async def work(here: Here) -> tuple[Manifest, Settings]:
        made = await backups.write(file, here.db, here.files, here.secrets, now=here.now, overwrite=overwrite)
        async with here.db.write() as conn:
            await beginnings.backed_up(conn, here.now)
        return made, here.settings

    made, settings = run(work)
    key, register = _key(settings), settings.data_dir / "register"
    if as_json:
        print_json(
            {"file": str(file), "bytes": file.stat().st_size, "key": key, "register": str(register)}
            | {"rows": made.rows, "files": made.files, "missing": len(made.missing)}
            | {"made_at": stamp(made.made_at)}
        )
        return
    say(
        f"{file} holds {made.rows} rows, and {made.files} photos, recordings and other files.",
        *([f"{len(made.missing)} more are named in the data and are not there."] if made.missing else []),
        f"It does not hold the secret key, which it can't be used without: {key}. Keep a copy elsewhere.",
        f"Nor does it hold the register of who stops or is erased from now on: {register}.",
    )


def restore(
    file: BackupFile,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the data that is there.")] = False,
    register: Annotated[
        list[Path] | None, typer.Option(help="Another host's register of stops; may be given several times.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a backup back. Who stopped since stays stopped, who was erased stays erased, nothing is sent yet.

    takepart restore takepart-monday.zip
    """

    async def work() -> Put:
        settings, secrets, ours = _installation()
        url = settings.database_url
        with closing(Backup.open(file, secrets)) as archive, nobody_serving(settings, url):
            archive.check()
            async with _target(url, overwrite=overwrite) as db:
                ours.take_over(*(register or ()))
                await copying.remember(db, secrets, ours)
                files = media_store(settings)
                return await copying.restore(db, archive, files, ours, now=datetime.now(UTC))

    put = asyncio.run(work())
    if as_json:
        print_json(_put(put))
        return
    say(f"{file} is restored: {put.rows} rows, and {put.files} photos, recordings and other files.")
    if not put.known:
        say(
            "The register here knows of nobody who has stopped or was erased. "
            "If there is another one, restore again with --overwrite --register FILE."
        )
    _say_put(put)


def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The database as it is set now.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Another one, written in the same way.")],
    as_json: Json = False,
) -> None:
    """Copy all data into another, empty database, such as from SQLite to PostgreSQL.

    takepart copy sqlite+aiosqlite:///data/takepart.db postgresql+asyncpg://takepart@localhost/takepart
    """

    async def work() -> Put:
        settings, secrets, ours = _installation()
        _check_urls(source, target)
        with nobody_serving(settings, source, target):
            async with _source(source, secrets) as theirs, _target(target, overwrite=False) as db:
                await ours.keep(theirs)
                return await copying.copy(theirs, db, ours, now=datetime.now(UTC))

    put = asyncio.run(work())
    if as_json:
        print_json(_put(put))
        return
    say(
        f"Copied and compared: {put.rows} rows.",
        "Photos and recordings stay where they are. If the new service has another TAKEPART_DATA_DIR or "
        "TAKEPART_MEDIA_URL, copy them there, with the key and the register.",
        "Set TAKEPART_DATABASE_URL to the new database, and never start the service on the old one again.",
    )
    _say_put(put)


def resume(
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Only show what would go.")] = False,
    drop_doubtful: Annotated[
        bool, typer.Option("--drop-doubtful", help="Drop what may have gone before the data was restored.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what would be sent after a restore or a copy, drop what is out of date, and let the rest go.

    takepart resume
    """

    async def look(here: Here) -> tuple[str, Plan]:
        async with here.db.read() as conn:
            return await held(conn), await resuming.plan(conn, _terms(here))

    async def let_go(here: Here) -> int:
        return await resuming.resume(here.db, _terms(here), drop_doubtful=drop_doubtful)

    why, plan = run(look)
    if not as_json:
        _show(why, plan)
    going = bool(why) and not show
    if going and not yes and sys.stdin.isatty():  # there is somebody to ask
        going = typer.confirm("Let them go?", err=True)
    dropped = run(let_go) if going else 0
    if as_json:
        print_json(_plan(why, plan) | {"resumed": going, "dropped": dropped})
    elif going:
        say(f"Messages are sent again. Dropped: {dropped}.")
    elif why:
        say("Nothing has gone, and nothing will before takepart resume is asked again.")


@asynccontextmanager
async def _source(url: str, secrets: Secrets) -> AsyncIterator[Database]:
    db = await open_store(url, secrets)
    try:
        await nobody_elsewhere(db)
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def _target(url: str, *, overwrite: bool) -> AsyncIterator[Database]:
    try:
        async with AsyncExitStack() as opened:
            db = await copying.open_target(url, overwrite=overwrite)
            opened.push_async_callback(db.close)
            await nobody_elsewhere(db)
            yield db
    except DBAPIError as error:
        raise Complaint(
            f"The database that is there failed ({type(error.orig).__name__}), and nothing was changed: "
            "see that its disk is well and not full, or name an empty database in its place."
        ) from error


def _check_urls(source: str, target: str) -> None:
    for url in (source, target):
        if not url.startswith(DATABASES):
            raise Complaint(f"A database is named like {DATABASES[0]}/FILE or {DATABASES[1]}USER@HOST/NAME.")
    if source == target:
        raise Complaint("Both are the same database: name another one to copy to.")
    file = make_url(source).database if source.startswith(DATABASES[0]) else None
    if file and not Path(file).exists():
        raise Complaint(f"There is no database at {file}: nothing was copied.")


def _installation() -> tuple[Settings, Secrets, Register]:
    """This installation without its database. No key is made here: a new one would fit nothing."""
    settings = load()
    if settings.given_secret_key is None and not (settings.data_dir / "secret.key").exists():
        raise Complaint(
            "The secret key that goes with the data is not here: put it in TAKEPART_SECRET_KEY, "
            "or its file secret.key in TAKEPART_DATA_DIR."
        )
    settings.ensure_data_dir()
    secrets = Secrets(settings.secret_key())
    return settings, secrets, register_in(settings.data_dir, secrets)


def _key(settings: Settings) -> str:
    """Where the key is."""
    given = settings.given_secret_key is not None
    return "TAKEPART_SECRET_KEY in the settings" if given else str(settings.data_dir / "secret.key")


def _terms(here: Here) -> Terms:
    return Terms(now=here.now, carrier_stops=here.settings.sms_optout == "twilio")


def _put(put: Put) -> dict[str, Any]:
    register = {"known": put.known, "unreadable": put.unreadable, "changed": put.abided.changed}
    return {"rows": put.rows, "files": put.files, "register": register, "held": True}


def _say_put(put: Put) -> None:
    """What the register changed, and that nothing goes yet."""
    if put.unreadable:
        say(f"Lines of the register that cannot be read: {put.unreadable}.")
    for what, number in put.abided.changed.items():
        say(f"{number} {CHANGED[what]}.")
    say("Nothing is sent yet. See what would go, and let it go, with: takepart resume")


def _show(why: str, plan: Plan) -> None:
    say(why or "Nothing is held back.")
    rows = [
        (pile.fate, pile.kind, pile.channel, pile.messages, len(pile.people), at(pile.oldest))
        for pile in plan.piles
    ]
    if rows or not plan.due:
        table(
            ("what becomes of it", "kind", "way", "messages", "people", "oldest"),
            rows,
            empty="Nothing waits.",
        )
    if plan.due:
        due = [(one.fate, one.kind, one.group, at(one.due_at)) for one in plan.due]
        table(("what becomes of it", "for a whole group", "group", "due"), due, empty="")
    if plan.doubt and (
        plan.messages("may have gone") or any(one.fate == "may have gone" for one in plan.due)
    ):
        say(
            f"What was due between {at(plan.doubt.since)} and {at(plan.doubt.until)} may have gone already. "
            "It goes again, unless you add --drop-doubtful."
        )


def _plan(why: str, plan: Plan) -> dict[str, Any]:
    return {
        "held": why,
        "messages": [
            {
                "fate": pile.fate,
                "kind": pile.kind,
                "class": pile.klass,
                "channel": pile.channel,
                "messages": pile.messages,
                "people": len(pile.people),
                "oldest": stamp(pile.oldest),
            }
            for pile in plan.piles
        ],
        "due": [asdict(one) | {"due_at": stamp(one.due_at)} for one in plan.due],
    }
