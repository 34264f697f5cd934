"""The command `takepart`: what it offers, and how it complains: one sentence, never a traceback."""

import logging
import sys

import structlog
import typer

from bot import logs
from bot.commands import (
    audit,
    behalf,
    caring,
    consenting,
    door,
    facilitators,
    giving,
    groups,
    helping,
    keeping,
    listening,
    meetings,
    members,
    polls,
    reading,
    running,
    safety,
    setup,
    supporters,
    tidying,
    watching,
)
from bot.logs import place
from bot.settings import SettingsError
from flows.calendar import WhenError
from storage.database import StorageError
from storage.members.groups import Complaint

WRONG = 2  # the exit code for what was asked wrongly, as of the shell's own commands
BROKEN = 1


def build() -> typer.Typer:
    """The whole command, with its parts in the order in which a group meets them."""
    # Plain help without drawn boxes: it reads well aloud.
    app = typer.Typer(
        help="Take part by text, by phone or by Telegram, in your own time.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.command("serve")(running.serve)
    app.command("setup")(setup.setup)
    app.command("example")(running.example)
    app.add_typer(groups.group, name="group")
    app.add_typer(facilitators.facilitator, name="facilitator")
    app.add_typer(members.member, name="member")
    members.member.command("prefer")(caring.prefer)
    app.add_typer(caring.need, name="need")
    app.command("quiet")(caring.quiet)
    app.add_typer(meetings.meeting, name="meeting")
    app.add_typer(meetings.brief, name="brief")
    app.add_typer(polls.poll, name="poll")
    app.add_typer(helping.handover, name="handover")
    app.command("invite")(door.invite)
    app.command("consent")(consenting.consent)
    app.command("contributions")(reading.contributions)
    app.add_typer(supporters.supporter, name="supporter")
    app.command("contribute")(behalf.contribute)
    app.command("ballot")(behalf.ballot)
    app.command("matters")(reading.matters_list)
    app.add_typer(safety.commands, name="safety")
    app.command("unheard")(listening.unheard)
    app.command("heard")(listening.heard)
    app.command("export")(reading.export_group)
    app.command("hide")(giving.hide)
    app.command("review")(giving.review)
    app.add_typer(watching.problems, name="problems")
    app.add_typer(watching.messages, name="undelivered")
    app.command("audit")(audit.audit)
    app.command("tidy")(tidying.tidy)
    app.command("backup")(keeping.backup)
    app.command("restore")(keeping.restore)
    app.command("copy")(keeping.copy)
    app.command("resume")(keeping.resume)
    app.command("talk")(running.talk)
    app.command("doctor")(running.doctor)
    return app


def main() -> None:
    """Run a command; what goes wrong is said in a sentence on standard error."""
    logs.configure(least=logging.WARNING)
    try:
        build()()
    except (Complaint, WhenError, SettingsError, StorageError) as error:
        _fail(str(error), WRONG)
    except Exception as error:
        structlog.get_logger().error("command_failed", error=type(error).__name__, at=place(error))
        _fail("Something went wrong here that is not your mistake: the line above says where.", BROKEN)


def _fail(sentence: str, code: int) -> None:
    typer.echo(sentence, err=True)
    sys.exit(code)
