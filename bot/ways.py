"""The flows in use: those that are shipped, and older versions that somebody is still in."""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files

import sqlalchemy as sa
import structlog

from flows.document import load, parse
from flows.files.lines import FlowError
from flows.library import CONSENT, MORE, Flows
from flows.sentences import Sentences
from storage.database import Database, upsert
from storage.door import wordings
from storage.tables import conversations, flow_versions, texts


def shipped() -> dict[str, str]:
    """The texts of the shipped flows by file name."""
    folder = files("flows").joinpath("ways")
    return {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".yaml")}


def house() -> Sentences:
    """The sentences of the house, for commands: they run no flows."""
    return Sentences(load(shipped()).phrases)


async def open_flows(db: Database, now: datetime) -> Flows:
    """Read the flows and keep the text of each version; raise FlowError for a shipped one that is wrong."""
    sources = shipped()
    flows = load(sources, await _older(db))
    current = {flow.version: (name, flow.source) for name, flow in flows.current.items()}
    rows = [
        {"version": version, "flow": name, "body": sources[source], "at": now}
        for version, (name, source) in current.items()
        if source in sources
    ]
    async with db.write() as conn:
        await conn.execute(upsert(conn, flow_versions).on_conflict_do_nothing(), rows)
        await conn.execute(upsert(conn, texts).on_conflict_do_nothing(), _agreements(flows, now))
    return flows


def _agreements(flows: Flows, now: datetime) -> list[dict[str, object]]:
    """What the house asks people to agree to, in every language and form, under its version."""
    return [
        row
        for purpose, version in flows.agreements.items()
        for part in ("", MORE)
        for row in wordings.rows(version + part, flows.phrases.get(CONSENT + purpose + part, {}), now)
    ]


async def _older(db: Database) -> Mapping[str, str]:
    """The versions that a conversation is in, as far as this code can still read them."""
    v = flow_versions.c
    running = sa.exists().where(conversations.c.state.contains(v.version))
    async with db.read() as conn:
        rows = (await conn.execute(sa.select(v.version, v.body).where(running))).all()
    return {version: body for version, body in rows if _readable(version, body)}


def _readable(version: str, body: str) -> bool:
    try:
        parse(body, version)
    except FlowError:
        structlog.get_logger().warning("flow_version_unreadable", version=version[:12])
        return False
    return True
