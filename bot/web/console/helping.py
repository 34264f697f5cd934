"""Hand-overs: members whom a person helps by text. What was said is read, answered and ended here."""

from starlette.responses import Response

from bot.rounds.helping import first_name
from bot.web.console.answers import no_news
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Words
from bot.web.console.people.finding import member_of
from storage.care import handovers, helped
from storage.care.handovers import Tools
from storage.care.helped import Listed
from storage.members.groups import Complaint

AT = "/messages/handovers"


class Answer(Form):
    words = Words("Your answer", "Write what they are to read.", most=1500, rows=4)


async def listed(desk: Desk) -> Response:
    async with desk.read() as conn:
        found = await helped.list_open(conn, desk.home.id)
    return desk.page("helping/list.html", found=found)


async def read(desk: Desk) -> Response:
    """One of them. That somebody looked is noted, once for each time that the page is opened."""
    async with desk.write() as conn:
        over = await _mine(desk)
        await desk.trace(conn, "read a hand-over", subject=over.id)
    return await _shown(desk, Answer())


async def words(desk: Desk) -> Response:
    """Only what was said, for a page that is open."""
    over = await _mine(desk)
    async with desk.read() as conn:
        said = await helped.said(conn, over.id)
    if desk.query.get("had") == f"{over.state}-{len(said)}":
        return no_news()
    return desk.page("helping/words.html", over=over, words=said)


async def answer(desk: Desk) -> Response:
    over, form = await _mine(desk), desk.form(Answer)
    if not form.validate():
        return await _shown(desk, form)
    me, given = first_name(desk.me.name), form.words.data
    says = desk.sentences("handover.answer", helper=me, words=given)
    try:
        async with desk.write() as conn:
            await desk.trace(conn, "answered in a hand-over", subject=over.id)
            who, tools = desk.me.member, _tools(desk)
            await handovers.answer(conn, over.id, given, who=who, says=says, tools=tools)
    except Complaint as complaint:
        form.complain("words", complaint)
        return await _shown(desk, form)
    return desk.go(f"{AT}/{over.id}", said="Your answer is on its way.")


async def writing(desk: Desk) -> Response:
    return desk.page("helping/begin.html", form=Answer(), member=await member_of(desk))


async def begin(desk: Desk) -> Response:
    """Write to a member who asked for a person, and help them by text from then on."""
    member, form = await member_of(desk), desk.form(Answer)
    if not form.validate():
        return desk.page("helping/begin.html", form=form, member=member)
    me, who, given, tools = first_name(desk.me.name), desk.me.member, form.words.data, _tools(desk)
    says = [desk.sentences("handover.answer", helper=me, words=given)]
    says += [desk.sentences("handover.how", helper=me)]
    try:
        async with desk.write() as conn:
            over = await handovers.begin(conn, member.id, who=who, tools=tools)
            await desk.trace(conn, "answered in a hand-over", subject=over)
            await handovers.answer(conn, over, given, who=who, says="\n\n".join(says), tools=tools)
    except Complaint as complaint:
        form.complain("words", complaint)
        return desk.page("helping/begin.html", form=form, member=member)
    return desk.go(f"{AT}/{over}", said="Your answer is on its way.")


async def close(desk: Desk) -> Response:
    over = await _mine(desk)
    says = desk.sentences("handover.ended", helper=first_name(desk.me.name))
    async with desk.write() as conn:
        await desk.trace(conn, "ended a hand-over", subject=over.id)
        ended = await handovers.close(conn, over.id, says=says, tools=_tools(desk))
    return desk.go(AT, said="It is over, and they are told." if ended else "It was over already.")


async def _mine(desk: Desk) -> Listed:
    async with desk.read() as conn:
        try:
            over = await helped.find(conn, desk.path["handover"])
        except Complaint:
            desk.missing()
    if over.group != desk.home.id:
        desk.missing()
    return over


async def _shown(desk: Desk, form: Answer) -> Response:
    over = await _mine(desk)
    async with desk.read() as conn:
        said = await helped.said(conn, over.id)
    return desk.page("helping/one.html", form=form, over=over, words=said)


def _tools(desk: Desk) -> Tools:
    return Tools(ids=desk.app.ids, now=desk.now)


PAGES = (
    Page(AT, show=listed),
    Page(AT + "/{handover}", show=read),
    Page(AT + "/{handover}/words", show=words, part=True),
    Page(AT + "/{handover}/answer", show=read, do=answer),
    Page(AT + "/{handover}/close", show=read, do=close),
    Page("/people/{member}/write", show=writing, do=begin),
)
