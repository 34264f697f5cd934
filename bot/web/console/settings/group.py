"""The group itself: what it is called, its hours, its rules, and what it may spend."""

from collections.abc import Mapping
from zoneinfo import available_timezones

import wtforms
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Line, Number, Pick
from flows import rules
from storage.care import safety
from storage.erasure import retention
from storage.erasure.retention import Keeping
from storage.given import browsing
from storage.members import groups, people
from storage.members.groups import Complaint
from storage.sending import spending

ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
OFTEN = ("Europe/London", "Europe/Dublin")
MOST_SPENT = 1_000_000
NONE = "0 for no limit"


class About(Form):
    name = Line("What the group is called", "Write what it is called.", most=80)
    outside_name = Line(
        "Its outside name",
        "Write a name that tells nothing.",
        most=80,
        hint="What strangers, answerphones and phones that others may read are told.",
    )
    hours = Line("When we may write or ring first", "Write hours such as 9-20.", hint="Such as 9-20")
    zone = Pick("Its time zone", choices=[*OFTEN, *(zone for zone in ZONES if zone not in OFTEN)])
    language = Line("Its language", "Write two letters, such as en.", hint="Such as en or cy")


class Limits(Form):
    segments = Number("Parts of texts in a day", "Write a number.", least=0, most=MOST_SPENT, hint=NONE)
    minutes = Number("Minutes of calls in a day", "Write a number.", least=0, most=MOST_SPENT, hint=NONE)


async def show(desk: Desk) -> Response:
    """All settings at a glance, each with the page where it is changed."""
    async with desk.read() as conn:
        settled = rules.values(await groups.rules_of(conn, desk.home.id))
        spent = await spending.today(conn, desk.home.id, desk.now)
        helper, phone = await people.helper_of(conn, desk.home.id, desk.app.secrets)
        called = await browsing.names(conn, [helper])
        alerted = [name for _, name, _ in await safety.named(conn, desk.home.id)]
    return desk.page(
        "settings/show.html",
        settled=settled,
        says=rules.described(),
        spent=spent,
        helper=called.get(helper, ""),
        phone=bool(phone),
        alerted=alerted,
    )


async def about(desk: Desk) -> Response:
    home = desk.home
    names = ("name", "outside_name", "hours", "zone", "language")
    return desk.page("settings/group.html", form=About(data={name: getattr(home, name) for name in names}))


async def change(desk: Desk) -> Response:
    form = desk.form(About)
    if form.validate():
        try:
            async with desk.write() as conn:
                await groups.change_group(conn, desk.home.id, **form.data)
                await desk.trace(conn, "changed the group")
        except Complaint as complaint:
            form.complain(_about(str(complaint)), complaint)
        else:
            return desk.go("/settings", said="The group is changed.")
    return desk.page("settings/group.html", form=form)


async def limits(desk: Desk) -> Response:
    async with desk.read() as conn:
        spent = await spending.today(conn, desk.home.id, desk.now)
    form = Limits(data={"segments": spent.daily_segments, "minutes": spent.daily_minutes})
    return desk.page("settings/limits.html", form=form)


async def limit(desk: Desk) -> Response:
    form = desk.form(Limits)
    if not form.validate():
        return desk.page("settings/limits.html", form=form)
    async with desk.write() as conn:
        await spending.limit(conn, desk.home.id, **form.data, now=desk.now)
        await desk.trace(conn, "changed what may be spent")
    return desk.go("/settings", said="The limits are changed.")


async def rule_list(desk: Desk) -> Response:
    async with desk.read() as conn:
        settled = rules.values(await groups.rules_of(conn, desk.home.id))
    return desk.page("settings/rules.html", form=_rules(settled)(data=_fields(settled)))


async def settle(desk: Desk) -> Response:
    """Change what differs; where one can't be so, none is changed."""
    async with desk.read() as conn:
        before = rules.values(await groups.rules_of(conn, desk.home.id))
    form = _rules(before)(desk.given)
    if form.validate():
        given = {name: form[_field(name)].data or "" for name in before}
        changes = {name: value for name, value in given.items() if value != before[name]}
        for name, value in changes.items():
            try:
                rules.settle(name, value)
            except ValueError as error:
                said = str(error).replace(f"'{name}'", str(form[_field(name)].label.text))
                form.complain(_field(name), said)
        if not form.mistakes:
            async with desk.write() as conn:
                settled = await groups.settle(conn, desk.home.id, changes)
                await desk.trace(conn, "changed its rules")
                goes = await _goes(desk, conn, settled.keep_days) if "keep-days" in changes else ""
            return desk.go("/settings", said=f"The rules are changed. {goes}".strip())
    return desk.page("settings/rules.html", form=form)


async def _goes(desk: Desk, conn: AsyncConnection, days: int) -> str:
    """What is older than it is kept for now, in words; "" where nothing is."""
    one = Keeping(group=desk.home.id, name=desk.home.name, zone=desk.home.zone, days=days)
    old = await retention.fading(conn, one, desk.now) if days else None
    if old is None:
        return ""
    return (
        f"Things that will be older than that within a week: {old.number}. Whoever gave them is told "
        "first, and a week later they are erased."
    )


def _rules(settled: Mapping[str, str]) -> type[Form]:
    """A form with a field for each rule."""
    says = rules.described()
    made: dict[str, wtforms.Field] = {
        _field(name): Line(name.replace("-", " ").capitalize(), most=500, hint=says[name]) for name in settled
    }
    return type("RulesForm", (Form,), made)


def _field(name: str) -> str:
    return name.replace("-", "_")


def _fields(settled: Mapping[str, str]) -> dict[str, str]:
    return {_field(name): value for name, value in settled.items()}


def _about(sentence: str) -> str:
    """The field that a complaint is about."""
    known = (("outside", "outside_name"), ("time zone", "zone"), ("language", "language"), ("name", "name"))
    return next((field for word, field in known if word in sentence), "hours")


PAGES = (
    Page("/settings", show=show),
    Page("/settings/group", show=about, do=change),
    Page("/settings/limits", show=limits, do=limit),
    Page("/settings/rules", show=rule_list, do=settle),
)
