"""Setting Takepart up by answering questions: `takepart setup`."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.base import Here, Json, print_json, run, say
from bot.commands.facilitators import LASTS

if TYPE_CHECKING:
    from bot.setting_up.questions import Question
    from bot.setting_up.writing import Done

Text = str | None
Code = Annotated[Text, typer.Option(help="What people send to join: 3 to 20 letters and digits.")]
Name = Annotated[Text, typer.Option(help="What the group is called.")]
OutsideName = Annotated[Text, typer.Option(help="What strangers and answerphones are told.")]
Timezone = Annotated[Text, typer.Option(help="The zone that its times are in.")]
Hours = Annotated[Text, typer.Option(help="When we may write or ring first, such as 9-20.")]
Languages = Annotated[Text, typer.Option(help="Its languages, the first one first: 'en cy'.")]
Owner = Annotated[Text, typer.Option(help="Your own name. You look after every group here.")]
Helper = Annotated[Text, typer.Option(help="Who helps whoever asks for a person; you, if not given.")]
HelperPhone = Annotated[Text, typer.Option(help="Where 0 on a call puts the caller through to.")]
Contact = Annotated[Text, typer.Option(help="Who is told of danger; you, if not given.")]
TelegramToken = Annotated[Text, typer.Option(help="The bot's token. Better typed than given here.")]
TwilioSid = Annotated[Text, typer.Option(help="The Twilio account's SID.")]
TwilioToken = Annotated[Text, typer.Option(help="Its auth token. Better typed than given here.")]
TwilioNumber = Annotated[Text, typer.Option(help="Its number for texts and calls, with its country.")]
PublicUrl = Annotated[Text, typer.Option(help="The service's https address on the internet.")]
Offline = Annotated[bool, typer.Option("--offline", help="Don't ask Telegram and Twilio.")]

INTRO = (
    "Enter keeps what stands in square brackets. A hyphen (-) leaves out what you don't have.",
    "Nothing is written before the last question is answered.",
    "",
)


def setup(
    code: Code = None,
    name: Name = None,
    outside_name: OutsideName = None,
    timezone: Timezone = None,
    hours: Hours = None,
    languages: Languages = None,
    owner: Owner = None,
    helper: Helper = None,
    helper_phone: HelperPhone = None,
    contact: Contact = None,
    telegram_token: TelegramToken = None,
    twilio_sid: TwilioSid = None,
    twilio_token: TwilioToken = None,
    twilio_number: TwilioNumber = None,
    public_url: PublicUrl = None,
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Set up a group, who runs it, and the settings in .env. Ask for what is not given, in a terminal.

    Run it again to change something: with options, only what they name is changed.

    takepart setup --code OAK --name "The Oak Group" --owner Sam
    """
    given = {name: value for name, value in locals().items() if name not in ("offline", "as_json")}
    # Only here: the providers' libraries take a second to load, which no other command needs.
    from bot.setting_up.asking import Interview
    from bot.setting_up.writing import set_up

    terminal = sys.stdin.isatty() and not as_json
    if terminal:
        say(*INTRO)
    interview = Interview(
        given, ask=_ask if terminal else None, tell=_nothing if as_json else say, offline=offline
    )

    async def work(here: Here) -> "Done":
        return await set_up(here, interview)

    done = run(work)
    if as_json:
        home = done.home
        print_json({"id": home.id, "code": home.code, "number": home.number, "link": done.link or None})
    else:
        _tell(done)


def _ask(question: "Question", stands: str) -> str:
    """What somebody types. A secret is never shown, nor what stands of it."""
    words = question.asks
    if question.secret and stands:
        words += " [there is one]"
    elif question.can_go and not stands:
        words += " (Enter for none)"
    shown = not question.secret and bool(stands)
    with _interruptible():
        typed: str = typer.prompt(words, default=stands, show_default=shown, hide_input=question.secret)
    return typed


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end it at once: beside a loop, the first one is only noted, and the prompt stays."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _nothing(sentence: str) -> None:
    """For programs that read JSON."""


def _tell(done: "Done") -> None:
    home = done.home
    is_ready = "is ready" if done.new else "is as you said"
    say(f"{home.name} {is_ready}. Its code is {home.code} and its number is {home.number}.")
    for advice in done.settings.advice():
        say(advice)
    if done.restart:
        say("The settings are in .env. A service that runs already must be started again to know them.")
    if done.link:
        say(f"This link lets {done.owner} in to the pages, once `takepart serve` runs:", done.link, LASTS)
