"""Who is alerted when somebody may be in danger, and which words raise an alert."""

from starlette.responses import Response

from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Line, Pick, Tick
from storage.care import phrases, safety
from storage.members import people
from storage.members.groups import Complaint

NO_LINE = "They have no phone or chat that we may write to or ring, so nobody can tell them yet."


class Contact(Form):
    who = Pick("Who is to be alerted")
    any_hour = Tick("They agreed to be told by day and by night")
    first = Tick("Before all others")


class Phrase(Form):
    phrase = Line("Words to look for", "Write the words, whole and in this order.", most=80)
    language = Line("Their language", "Write two letters.", default="en", hint="Such as en or cy")


async def contacts(desk: Desk) -> Response:
    return await _contacts(desk, await _contact_form(desk))


async def name_contact(desk: Desk) -> Response:
    form = await _contact_form(desk)
    if not form.validate():
        return await _contacts(desk, form)
    asked = {"any_hour": form.any_hour.data, "first": form.first.data}
    async with desk.write() as conn:
        reached = await safety.name_contact(conn, desk.home.id, form.who.data, desk.app.secrets, **asked)
        await desk.trace(conn, "named who is alerted", subject=form.who.data)
    return desk.go("/settings/safety", said=f"Noted. {'' if reached else NO_LINE}".strip())


async def drop_contact(desk: Desk) -> Response:
    async with desk.write() as conn:
        if desk.path["staff"] not in [one for one, *_ in await safety.named(conn, desk.home.id)]:
            desk.missing()
        await safety.drop_contact(conn, desk.home.id, desk.path["staff"], desk.app.secrets)
        await desk.trace(conn, "took somebody off who is alerted", subject=desk.path["staff"])
    return desk.go("/settings/safety", said="They are off the list.")


async def words(desk: Desk) -> Response:
    return await _words(desk, Phrase())


async def add_words(desk: Desk) -> Response:
    form = desk.form(Phrase)
    if form.validate():
        known, language = desk.app.flows.safe_words, form.language.data
        try:
            async with desk.write() as conn:
                given = {"language": language, "ids": desk.app.ids}
                await phrases.add_phrase(conn, desk.home.id, form.phrase.data, known, **given)
                await desk.trace(conn, "changed the words that raise an alert")
        except Complaint as complaint:
            form.complain("phrase", complaint)
        else:
            return desk.go("/settings/words", said="It is looked for from now on.")
    return await _words(desk, form)


async def drop_words(desk: Desk) -> Response:
    phrase = desk.given.get("phrase") if desk.given else ""
    async with desk.write() as conn:
        known = desk.app.flows.safe_words
        await phrases.drop_phrase(conn, desk.home.id, str(phrase or ""), known, ids=desk.app.ids)
        await desk.trace(conn, "changed the words that raise an alert")
    return desk.go("/settings/words", said="It is looked for no more.")


async def _contact_form(desk: Desk) -> Contact:
    form = desk.form(Contact)
    async with desk.read() as conn:
        staff = await people.facilitators(conn, desk.home.id, desk.app.secrets)
    form.who.choices = [(one.id, one.name or one.number) for one in staff]
    return form


async def _contacts(desk: Desk, form: Contact) -> Response:
    async with desk.read() as conn:
        named = await safety.named(conn, desk.home.id)
        on = desk.channels
        lost = {one.member for one in await safety.contacts(conn, desk.home.id, on, desk.now) if not one.ways}
    return desk.page("settings/safety.html", form=form, named=named, lost=lost)


async def _words(desk: Desk, form: Phrase) -> Response:
    async with desk.read() as conn:
        found = await phrases.phrases(conn, desk.home.id, desk.app.flows.safe_words)
    return desk.page("settings/words.html", form=form, found=found)


PAGES = (
    Page("/settings/safety", show=contacts, do=name_contact),
    Page("/settings/safety/{staff}/drop", show=contacts, do=drop_contact),
    Page("/settings/words", show=words, do=add_words),
    Page("/settings/words/drop", show=words, do=drop_words),
)
