"""Running it: `takepart serve`, `takepart example`, `takepart talk`, `takepart doctor`."""

import asyncio
import functools
import logging
import sys
from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Literal

import typer

from bot import logs
from bot.commands.base import Here, Json, print_json, run, say, table
from bot.commands.facilitators import new_link
from bot.settings import Settings, load
from flows.files.lines import FlowError
from storage.members.groups import Complaint, Home
from storage.members.people import facilitators

PHONES: Mapping[str, Literal["telegram", "sms", "call"]] = {
    "telegram": "telegram",
    "sms": "sms",
    "call": "call",
    "voice": "call",
}


class Channel(StrEnum):
    """The phones to practise with."""

    telegram = "telegram"
    sms = "sms"
    call = "call"
    voice = "voice"  # what the lists call it


def serve() -> None:
    """Run the service until it is told to end.

    takepart serve
    """
    # Only here: the providers' libraries take a second to load, which no other command needs.
    from bot import serving
    from bot.app import App
    from bot.web.practice import routes

    logs.configure()
    settings = load()
    for advice in settings.advice():
        say(advice)
    try:
        ready = functools.partial(say, *addresses(settings))
        app = App(settings, pages=routes)
        serving.run(serving.serve(app, settings.host, settings.port, ready=ready))
    except (serving.PortTaken, FlowError) as error:
        raise Complaint(str(error)) from None
    except KeyboardInterrupt:  # before the port was open
        pass
    say("Ended.")


def example(as_json: Json = False) -> None:
    """Fill an empty database with an example group, and get a link to its pages. Other groups are left alone.

    takepart example
    """
    from bot.practice.example import RUNS_IT, fill, there

    async def work(here: Here) -> tuple[bool, Home, str] | None:
        made = await fill(here.db, secrets=here.secrets, ids=here.ids, now=here.now)
        async with here.db.write() as conn:
            home = made or await there(conn)
            staff = await facilitators(conn, home.id, here.secrets) if home else []
            sam = next((one for one in staff if one.name == RUNS_IT), None)
            if home is None or sam is None:
                return None
            return bool(made), home, await new_link(here, conn, sam.id)

    found = run(work)
    if found is None:
        if as_json:
            print_json(None)
        else:
            say("There is a group already, so no example was added.")
        return
    new, home, link = found
    if as_json:
        print_json({"id": home.id, "code": home.code, "number": home.number, "link": link})
        return
    say(
        "There is an example group now." if new else "The example group is there already.",
        f"Its code is {home.code} and its number is {home.number}.",
        f"{RUNS_IT} runs it. This link lets you in to the pages as {RUNS_IT}, once:",
        link,
    )


def talk(
    channel: Annotated[Channel, typer.Option(help="The phone to talk by.")] = Channel.telegram,
    new: Annotated[bool, typer.Option("--new", help="Begin as somebody who was never here.")] = False,
) -> None:
    """Talk to Takepart in the terminal, as on a practice phone. Type /help for what you can do.

    takepart talk --channel sms
    """
    from bot.practice.talk import talk as converse

    logs.configure(least=logging.ERROR)  # the screen is for the talk
    try:
        asyncio.run(converse(load(), PHONES[channel], lines=sys.stdin, say=say, new=new))
    except FlowError as error:
        raise Complaint(str(error)) from None
    except KeyboardInterrupt:
        say("Ended.")


def doctor(
    set_hooks: Annotated[
        bool, typer.Option("--set-webhooks", help="First tell Telegram and Twilio where to send what comes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look whether everything is set up, and say what to mend.

    takepart doctor
    """
    from bot.doctor import Finding, examine, set_webhooks

    async def all_of_it() -> list[Finding]:
        settings = load()
        changed = await set_webhooks(settings) if set_hooks else []
        return changed + [finding async for finding in examine(settings)]

    found = asyncio.run(all_of_it())
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        table(("what", "state", "says"), [(one.what, one.state, one.sentence) for one in found], empty="")
    if any(one.state == "bad" for one in found):
        raise typer.Exit(1)


def addresses(settings: Settings) -> list[str]:
    """Where to find it, a sentence each, once the port is open."""
    if settings.public_url:
        return [f"Takepart is at {settings.address}"]
    base = settings.address
    return [f"The practice phone is at {base}/practice", f"The pages for facilitators are at {base}/console"]
