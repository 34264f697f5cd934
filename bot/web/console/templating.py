"""Makes answers of templates. What people wrote is text in them, never markup."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, pass_context
from jinja2.runtime import Context
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.web.console import words
from flows.understanding.tokens import DAYS, MONTHS
from storage.secrets import Secrets, Unsigned

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
# With no referrer at all browsers would not say either that a form comes from a page of ours.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}
BAR = (  # the pages of a group as the bar at the top names them
    ("Today", ""),
    ("Contributions", "/contributions"),
    ("Polls", "/polls"),
    ("Briefs and meetings", "/meetings"),
    ("Journeys", "/journeys"),
    ("People", "/people"),
    ("Messages", "/messages"),
    ("Settings", "/settings"),
)
SAID = "takepart_said"
SAID_LASTS = timedelta(minutes=1)
PATH = "/console"


class Pages:
    """The templates, and the one sentence that a page may tell the next. `safe` where served by https."""

    def __init__(self, secrets: Secrets, *, safe: bool) -> None:
        self._secrets = secrets
        self.safe = safe
        self._templates = environment()

    def answer(self, template: str, values: dict[str, Any], *, status: int = 200) -> Response:
        """A page; what it was told to say is told no second time."""
        page = self._templates.get_template(f"console/{template}").render(values)
        answer = HTMLResponse(page, status, headers=HEADERS)
        if values.get("said"):
            answer.delete_cookie(SAID, PATH, secure=self.safe, httponly=True, samesite="lax")
        return answer

    def remember(self, answer: Response, said: str) -> Response:
        """Let the next page say this."""
        if said:
            self.keep(answer, SAID, self._secrets.sign(quote(said, safe="")), SAID_LASTS)
        return answer

    def remembered(self, request: Request) -> str:
        """What the page before wants to be said on this one."""
        try:
            return unquote(self._secrets.unsign(request.cookies.get(SAID, ""), most=SAID_LASTS))
        except Unsigned:
            return ""

    def keep(self, answer: Response, name: str, value: str, lasts: timedelta, *, path: str = PATH) -> None:
        """Let the browser keep something that no script and no other site's form can use."""
        seconds = int(lasts.total_seconds())
        answer.set_cookie(name, value, seconds, path=path, secure=self.safe, httponly=True, samesite="lax")


def environment() -> Environment:
    """The templates with their filters; undefined names are empty, as the components need it."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader("bot.web"), PackageLoader("nhsuk_frontend_jinja")]),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["bar"] = BAR
    made.filters |= {"when": _when, "day": _day, "ago": _ago, "many": _many, "items_of": _items}
    made.filters |= {"channel": words.channel, "by": words.by, "capital": words.capital, "need": words.need}
    return made


@pass_context
def _when(context: Context, moment: datetime | None) -> str:
    """Tuesday 3 March, 14:00: in the group's zone, with the year where it is another one."""
    if moment is None:
        return ""
    here = moment.astimezone(_zone(context))
    return f"{_day(context, moment)}, {here:%H:%M}"


@pass_context
def _day(context: Context, moment: datetime | None) -> str:
    if moment is None:
        return ""
    zone = _zone(context)
    here = moment.astimezone(zone)
    year = "" if here.year == context["now"].astimezone(zone).year else f" {here.year}"
    return f"{DAYS[here.weekday()].capitalize()} {here.day} {MONTHS[here.month - 1].capitalize()}{year}"


@pass_context
def _ago(context: Context, moment: datetime) -> str:
    """How long ago, roughly: the largest unit alone."""
    minutes = max(0, int((context["now"] - moment).total_seconds() // 60))
    for size, unit in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            return f"{_many(minutes // size, unit)} ago"
    return "just now"


def _many(number: int, one: str, several: str = "") -> str:
    """3 people: a number with the word that goes with it."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _items(field: Any) -> list[dict[str, Any]]:
    """What may be chosen in a field, as the components take it."""
    return [
        {"value": str(value), "text": words, "checked": chosen, "selected": chosen}
        for value, words, chosen, *_ in field.iter_choices()
    ]


def _zone(context: Context) -> ZoneInfo:
    home = context.get("home") or context.get("zone_of")
    return ZoneInfo(home.zone) if home else ZoneInfo("UTC")
