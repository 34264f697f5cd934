"""What staff do so that somebody comes back by another phone, or is two people again: `takepart member`."""

import sys
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.audit import By, leave_trace
from bot.commands.base import Here, Json, MemberName, at, print_json, run, say, stamp
from storage.lines import joined, linking, pins
from storage.members import people
from storage.members.groups import Complaint
from storage.members.people import Listed

commands = typer.Typer()

PIN = 4  # digits


@commands.command("code")
def member_code(who: MemberName, by: By = None, as_json: Json = False) -> None:
    """Make a code that brings a member back by a new phone. Give it in person: whoever has it is them.

    It works once, for 24 hours, by text, by Telegram and on the phone. What they had before is retired then.

    takepart member code 4821 --by Sam
    """

    async def work(here: Here) -> tuple[Listed, str, datetime]:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            _in_it(found)
            code = await linking.new_code(
                conn, here.secrets, found.id, kind="back", ids=here.ids, now=here.now
            )
            if not code:
                raise Complaint("This member had too many codes today: try again tomorrow.")
            await _note(here, conn, found, "made a code to come back", by)
            return found, code, here.now + linking.LASTS["back"]

    found, code, until = run(work)
    if as_json:
        print_json({"id": found.id, "code": code, "until": stamp(until)})
        return
    say(code, f"Good once, until {at(until)}. They text it, or ring and say that they take part already.")


@commands.command("pin")
def member_pin(
    who: MemberName,
    none: Annotated[bool, typer.Option("--none", help="Let them have no PIN any more.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Set a member's PIN, of four numbers, as they ask you to. It is asked for, or read from standard input.

    takepart member pin 4821
    """
    pin = "" if none else _asked_pin()
    if not none and (len(pin) != PIN or not pin.isdecimal() or not pin.isascii()):
        raise Complaint("A PIN is four numbers.")

    async def work(here: Here) -> str:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            _in_it(found)
            await pins.keep_pin(conn, here.secrets, found.id, pin)
            await _note(here, conn, found, "set a PIN" if pin else "removed a PIN", by)
            return found.id

    id_ = run(work)
    if as_json:
        print_json({"id": id_, "pin": bool(pin)})
        return
    say("Kept." if pin else "They have no PIN now.")


@commands.command("unjoin")
def member_unjoin(who: MemberName, by: By = None, as_json: Json = False) -> None:
    """Make two members again of one who was joined by mistake, in the last 30 days. A stop stays.

    takepart member unjoin 4821
    """

    async def work(here: Here) -> tuple[str, str]:
        async with here.db.write() as conn:
            found = await people.find_member(conn, who, here.secrets)
            other = await joined.unjoin_members(conn, found.id, now=here.now)
            await _note(here, conn, found, "made two members of one", by)
            return found.id, other

    id_, other = run(work)
    if as_json:
        print_json({"id": id_, "other": other})
        return
    say(
        "They are two members again, each with the phones and the words that they had. What came since stays."
    )


def _asked_pin() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("PIN", hide_input=True, err=True)).strip()
    return sys.stdin.readline().strip()


def _in_it(found: Listed) -> None:
    if found.state in ("left", "erased"):
        raise Complaint("They have left the group: they can join again.")


async def _note(here: Here, conn: AsyncConnection, found: Listed, did: str, by: str | None) -> None:
    await leave_trace(conn, here, found.group, did, by=by, subject=found.id)
