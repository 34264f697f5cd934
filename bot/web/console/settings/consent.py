"""What people agree to, in the group's own words: by language, plain and easy, and what MORE says."""

from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

from bot.staff import consents
from bot.staff.consents import PURPOSES, Asked, Written
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Tick, Words
from bot.web.console.words import AGREED
from storage.members import groups
from storage.members.groups import Complaint

SAME = "It says the same as before, in other words"
MOST = 3000


async def show(desk: Desk) -> Response:
    purpose = _purpose(desk)
    asked, languages = await _asked(desk, purpose)
    form = _form(languages)(data=dict(_begins(asked, languages)))
    return desk.page("settings/consent.html", form=form, asked=asked, called=AGREED[purpose])


async def change(desk: Desk) -> Response:
    """Whoever agreed to other words is asked again at their next visit, unless it says the same."""
    purpose = _purpose(desk)
    asked, languages = await _asked(desk, purpose)
    form = _form(languages)(desk.given)
    written = _written(form, languages) if form.validate() else None
    if written is None or form.mistakes:
        return desk.page("settings/consent.html", form=form, asked=asked, called=AGREED[purpose])
    version, house = desk.app.ids(), desk.app.flows
    async with desk.write() as conn:
        same = bool(form["same"].data)
        await consents.change(
            conn, desk.home, purpose, written, house, same=same, version=version, now=desk.now
        )
        await desk.trace(conn, f"changed what people agree to: {purpose}", subject=version)
    return desk.go("/settings", said="People are asked in these words from now on.")


def _purpose(desk: Desk) -> str:
    purpose = desk.path["purpose"]
    return purpose if purpose in PURPOSES else desk.missing()


async def _asked(desk: Desk, purpose: str) -> tuple[Asked, list[str]]:
    """How it is asked now, and the group's languages, its own first."""
    async with desk.read() as conn:
        asked = await consents.asked(conn, desk.home, purpose, desk.app.flows)
        return asked, await groups.languages_of(conn, desk.home)


def _form(languages: list[str]) -> type[Form]:
    """A form with three texts for each language."""
    made: dict[str, Any] = {}
    for first, language in zip([True, *[False] * len(languages)], languages, strict=False):
        missing = "Write what people agree to." if first else ""
        made[f"{language}_text"] = Words(f"Words in {language}", missing, most=MOST)
        made[f"{language}_easy"] = Words(f"Easy words in {language}", most=MOST)
        made[f"{language}_more"] = Words(f"What MORE says in {language}", most=MOST)
    made["same"] = Tick(SAME, hint="Then what people agreed to counts still. Else they are asked again.")
    return type("ConsentForm", (Form,), made)


def _begins(asked: Asked, languages: list[str]) -> Iterator[tuple[str, str]]:
    for language in languages:
        yield f"{language}_text", asked.text.get(language, "")
        yield f"{language}_easy", asked.text.get(f"{language}.easy", "")
        yield f"{language}_more", asked.more.get(language, "")


def _written(form: Form, languages: list[str]) -> Written | None:
    """The wording as it is kept; None where a part can't be said, which the form then tells."""
    text = dict[str, str]()
    more = dict[str, str]()
    kept = {"text": (text, ""), "easy": (text, ".easy"), "more": (more, "")}
    for language in languages:
        for part, (into, ending) in kept.items():
            field = f"{language}_{part}"
            if not form[field].data:
                continue
            try:
                into[f"{language}{ending}"] = consents.checked(form[field].data, "these words")
            except Complaint as complaint:
                form.complain(field, complaint)
    return None if form.mistakes else Written(text=text, more=more)


PAGES = (Page("/settings/consent/{purpose}", show=show, do=change),)
