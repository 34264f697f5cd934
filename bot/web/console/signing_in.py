"""Coming in and going out: by a link that works once, or by a code on one's own line; and one's own page."""

import asyncio
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import RedirectResponse, Response

from bot.sending import notices
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Line
from bot.web.staff_only import COOKIE, SIGN_IN
from storage.door import sessions, sign_ins
from storage.door.sessions import LASTS, Staff
from storage.erasure import auditing
from storage.lines import linking
from storage.members.groups import Complaint, find_group
from storage.members.people import find_member

WHERE = ("/console", "/practice")  # what is only for those who are signed in
GONE = 410
SAME = 0.1  # seconds: sending a code takes less, so that how long it takes does not tell either
WRONG = "This code is not right, or it is too late for it. After three tries, ask for a new one."


class AskForm(Form):
    """Who somebody is, as far as a stranger may say."""

    group = Line(
        "The code of your group", "Write the code of your group.", most=20, hint="For example, GARDEN."
    )
    number = Line(
        "Your member number",
        "Write your member number.",
        most=10,
        hint="The four digits that are yours here.",
    )


class CodeForm(Form):
    """The code that came to their line."""

    code = Line("The code", "Write the six digits of the code.", most=20)


# By a code ------------------------------------------------------------------------------------------
async def ask(desk: Desk) -> Response:
    if desk.signed_in:
        return RedirectResponse(_next(desk), 303)
    return desk.page("signing_in/ask.html", form=desk.form(AskForm))


async def send(desk: Desk) -> Response:
    """Send a code, if that is somebody who may come in; what is answered does not tell."""
    form = desk.form(AskForm)
    if not form.validate():
        return desk.page("signing_in/ask.html", form=form)
    asked, clock = desk.app.ids(), asyncio.get_running_loop().time
    until = clock() + SAME
    async with desk.write() as conn:
        await _send(desk, conn, form, asked)
    await asyncio.sleep(until - clock())
    return RedirectResponse(f"{SIGN_IN}/code/{asked}?next={quote(_next(desk))}", 303)


async def _send(desk: Desk, conn: AsyncConnection, form: AskForm, asked: str) -> None:
    try:
        home = await find_group(conn, form.group.data)
    except Complaint:
        return
    await sign_ins.send_code(
        conn,
        desk.app.secrets,
        group=home.id,
        number=form.number.data,
        asked=asked,
        channels=desk.channels,
        words=lambda code, *whose: notices.sign_in_code(desk.sentences.to(*whose), code),
        ids=desk.app.ids,
        now=desk.now,
    )


async def typing(desk: Desk) -> Response:
    return desk.page("signing_in/code.html", form=desk.form(CodeForm))


async def typed(desk: Desk) -> Response:
    form = desk.form(CodeForm)
    if not form.validate():
        return desk.page("signing_in/code.html", form=form)
    async with desk.write() as conn:
        who = await sign_ins.use_code(
            conn, desk.app.secrets, desk.path["asked"], form.code.data, now=desk.now
        )
        cookie = await _begin(desk, conn, who, "signed in by a code") if who else ""
    if not cookie:
        form.complain("code", WRONG)
        return desk.page("signing_in/code.html", form=form)
    return _let_in(desk, cookie)


# By a link ------------------------------------------------------------------------------------------
async def invited(desk: Desk) -> Response:
    """A page with one button: whatever only shows what is behind a link does not use it up."""
    async with desk.read() as conn:
        found = await sign_ins.opens(conn, desk.app.secrets, desk.path["token"], now=desk.now)
        home = await find_group(conn, found.group) if found else None
    if found is None:
        return desk.page("signing_in/spent.html", status=GONE)
    return desk.page("signing_in/invited.html", found=found, to=home)


async def enter(desk: Desk) -> Response:
    """Sign in; who is signed in already runs one group more from here on."""
    async with desk.write() as conn:
        found = await sign_ins.use_link(conn, desk.app.secrets, desk.path["token"], now=desk.now)
        if found is None:
            return desk.page("signing_in/spent.html", status=GONE)
        who = {found.member}
        if desk.signed_in:
            who |= {one.member for one in desk.session.members}
        cookie = await _begin(desk, conn, who, "signed in by a link")
    return _let_in(desk, cookie)


async def _begin(desk: Desk, conn: AsyncConnection, who: Collection[str], did: str) -> str:
    """A new session in place of the one that there was; the new value of its cookie."""
    if desk.signed_in:
        await sessions.end(conn, desk.session, now=desk.now)
    cookie = await sessions.begin(conn, desk.app.secrets, who, ids=desk.app.ids, now=desk.now)
    begun = await sessions.find(conn, desk.app.secrets, cookie, now=desk.now)
    for one in begun.members if begun else ():
        noted = {"group": one.group, "did": did, "subject": one.member, "who": one.member}
        await auditing.record(conn, ids=desk.app.ids, **noted, now=desk.now)
    return cookie


def _let_in(desk: Desk, cookie: str) -> Response:
    return desk.keep(RedirectResponse(_next(desk), 303), COOKIE, cookie, LASTS, *WHERE)


def _next(desk: Desk) -> str:
    """Where they wanted to go: a page of ours and nothing else."""
    wanted = desk.query.get("next", "")
    ours = any(wanted == path or wanted.startswith(f"{path}/") for path in WHERE)
    return wanted if ours and wanted.isprintable() and "\\" not in wanted else "/console"


# One's own page -------------------------------------------------------------------------------------
async def me(desk: Desk) -> Response:
    return await _me(desk)


async def phone(desk: Desk) -> Response:
    """A code that opens a phone of theirs to them, so that codes for these pages can go there."""
    one = _mine(desk)
    async with desk.write() as conn:
        code = await linking.new_code(
            conn, desk.app.secrets, one.member, kind="link", ids=desk.app.ids, now=desk.now
        )
    if not code:
        raise Complaint("You have asked for many codes today. Please try again tomorrow.")
    return await _me(desk, code=code, code_for=one)


def _mine(desk: Desk) -> Staff:
    """The membership that a form names; raise Missing."""
    wanted = desk.given.get("member") if desk.given else None
    return next((one for one in desk.session.members if one.member == wanted), None) or desk.missing()


async def _me(desk: Desk, **more: Any) -> Response:
    session = desk.session
    who = [one.member for one in session.members]
    async with desk.read() as conn:
        mine = [await find_member(conn, one, desk.app.secrets) for one in who]
        homes = {one.id: one for one in await sessions.groups_of(conn, session)}
        begun = await sessions.all_of(conn, who, now=desk.now)
    on, house = desk.channels, desk.app.house
    return desk.page(
        "signing_in/me.html",
        zone_of=homes[session.members[0].group],
        mine=mine,
        homes=homes,
        begun=begun,
        on=on,
        house=house,
        **more,
    )


# Going out ------------------------------------------------------------------------------------------
async def sign_out(desk: Desk) -> Response:
    if desk.signed_in:
        async with desk.write() as conn:
            await sessions.end(conn, desk.session, now=desk.now)
    return _out(desk)


async def sign_out_everywhere(desk: Desk) -> Response:
    async with desk.write() as conn:
        await sessions.end_all_of(conn, [one.member for one in desk.session.members], now=desk.now)
    return _out(desk)


def _out(desk: Desk) -> Response:
    answer = desk.go("/sign-in", said="You are signed out.")
    return desk.keep(answer, COOKIE, "", LASTS, *WHERE)


PAGES = (
    Page("/sign-in", show=ask, do=send, group=False, anyone=True),
    Page("/sign-in/code/{asked}", show=typing, do=typed, group=False, anyone=True),
    Page("/sign-in/{token}", show=invited, do=enter, group=False, anyone=True),
    Page("/sign-out", do=sign_out, group=False, anyone=True),
    Page("/my-page", show=me, group=False),
    Page("/my-page/phone", show=me, do=phone, group=False),
    Page("/my-page/sign-out-everywhere", do=sign_out_everywhere, group=False),
)
