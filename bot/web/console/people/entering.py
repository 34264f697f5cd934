"""Entering what a member said or wrote on paper, and their vote. It is theirs, and is read back to them."""

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import UploadFile
from starlette.responses import Response

from bot.files import keep_file
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Choice, Form, Several, Tick, Upload, Words
from bot.web.console.people.finding import member_of
from storage.care import alerts
from storage.care.alerts import Found
from storage.files.prepared import MOST_BYTES
from storage.given import behalf
from storage.given.behalf import FLOWS, LONGEST, By
from storage.members.groups import Complaint
from storage.members.people import Listed
from storage.sessions import polls
from storage.sessions.polls import Tally

MOST = 2 * MOST_BYTES
READ_BACK = "They hear what was entered when they are next in touch, and can take it back."
AUDIENCES = {"facilitators": "Only those who run the group", "group": "Everybody in the group"}


class Gift(Form):
    flow = Choice("What it is", choices={one: one.capitalize() for one in FLOWS}, default=FLOWS[0])
    words = Words("What they said or wrote, as they did", most=LONGEST, rows=6)
    file = Upload("A photo or recording of theirs", accept="image/*,audio/*,application/pdf")
    audience = Choice("Who may read it", choices=AUDIENCES, default="facilitators")
    unnamed = Tick("They want no name beside it")


class Ballot(Form):
    chosen = Choice("What they chose", "Choose what they chose.")


class Ballots(Form):
    chosen = Several("What they chose")


async def writing(desk: Desk) -> Response:
    return desk.page("people/enter.html", form=Gift(), member=await _there(desk))


async def write(desk: Desk) -> Response:
    member, form = await _there(desk), desk.form(Gift)
    if not form.validate():
        return desk.page("people/enter.html", form=form, member=member)
    words = form.words.data or ""
    try:
        files = await _files(desk, form.file.data)
    except Complaint as complaint:
        form.complain("file", complaint)
        return desk.page("people/enter.html", form=form, member=member)
    try:

        async def enter(conn: AsyncConnection) -> str:
            entered = behalf.Words(
                flow=form.flow.data,
                text=words,
                audience=form.audience.data,
                files=files,
                unnamed=form.unnamed.data,
            )
            made = await behalf.contribute(conn, member, entered, _by(desk), ids=desk.app.ids, now=desk.now)
            gave = Found(words=words, gift=made, member=member.id, practice=member.practice)
            known = desk.app.flows.safe_words
            await alerts.look_at(conn, member.group, gave, known, ids=desk.app.ids, now=desk.now)
            return made

        await desk.app.db.transact(enter)
    except Complaint as complaint:
        form.complain("words", complaint)
        return desk.page("people/enter.html", form=form, member=member)
    return desk.go(f"/people/{member.id}", said=f"Kept as theirs. {READ_BACK}")


async def voting(desk: Desk) -> Response:
    member, tally = await _there(desk), await _open(desk)
    return desk.page("people/vote.html", form=_ballot(desk, tally), member=member, tally=tally)


async def vote(desk: Desk) -> Response:
    member, tally = await _there(desk), await _open(desk)
    form = _ballot(desk, tally)
    if form.validate() and not form.chosen.data:
        form.complain("chosen", "Choose what they chose.")
    if not form.mistakes:
        keys = [form.chosen.data] if isinstance(form, Ballot) else form.chosen.data or []
        chosen = [label for key, label in tally.options if key in keys]

        async def enter(conn: AsyncConnection) -> tuple[str, ...]:
            by, ids = _by(desk), desk.app.ids
            return await behalf.vote(conn, member, tally.id, chosen, by, ids=ids, now=desk.now)

        try:
            await desk.app.db.transact(enter)
        except Complaint as complaint:
            form.complain("chosen", complaint)
        else:
            return desk.go(f"/people/{member.id}", said="Counted. They hear of it, and can change it.")
    return desk.page("people/vote.html", form=form, member=member, tally=tally)


async def _there(desk: Desk) -> Listed:
    member = await member_of(desk)
    if member.state == "left":
        raise Complaint("They are not a member any more, so nothing can be entered for them.")
    return member


async def _files(desk: Desk, upload: UploadFile | None) -> list[str]:
    if upload is None:
        return []
    app, named = desk.app, {"name": "", "called": "The file"}
    data = await upload.read()
    return [await keep_file(app.db, app.files, data, **named, ids=app.ids, now=desk.now)]


async def _open(desk: Desk) -> Tally:
    async with desk.read() as conn:
        tally = await polls.tally(conn, desk.path["poll"], now=desk.now)
    if tally is None or tally.group != desk.home.id or tally.state != "open":
        desk.missing()
    return tally


def _ballot(desk: Desk, tally: Tally) -> Ballot | Ballots:
    form = desk.form(Ballots) if tally.several else desk.form(Ballot)
    form.chosen.choices = list(tally.options)
    return form


def _by(desk: Desk) -> By:
    return By(id=desk.me.member, name=desk.me.name)


PAGES = (
    Page("/people/{member}/enter", show=writing, do=write, most=MOST),
    Page("/people/{member}/vote/{poll}", show=voting, do=vote),
)
