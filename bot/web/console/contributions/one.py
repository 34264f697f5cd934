"""One thing given, whole: its words and files, what was answered to it, and an answer to write."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from bot.drawing.journeys import Scale
from bot.staff import givers
from bot.staff.givers import Means
from bot.web.console.contributions import called
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Form, Words
from storage.given import browsing, hiding, replying, typing
from storage.given.browsing import Contribution
from storage.members.groups import Complaint
from storage.sessions.secrecy import BALLOT

STATES: Mapping[str, str] = {  # what became of an answer
    "waiting": "It waits to go.",
    "sent": "It has gone to them.",
    "delivered": "It has arrived.",
    "failed": "It could not be delivered.",
    "not reachable": "It did not go: there is no way to them that we may use.",
}
UNTOLD = "It goes by a way of theirs. Nobody is shown which, or what became of it."
ANSWERED = "Your answer is kept, and goes to whoever gave this."


class Answer(Form):
    """You said, we did."""

    body = Words(
        "Your answer",
        replying.NOTHING,
        most=replying.LONGEST,
        hint="Say what came of it, or why nothing did. They get these words as you write them.",
    )


async def find(desk: Desk, conn: AsyncConnection) -> Contribution:
    """What the address names, in this group."""
    return await browsing.find(conn, desk.home.id, desk.path["gift"]) or desk.missing()


def means(desk: Desk) -> Means:
    """What telling a giver takes."""
    return Means(words=desk.sentences, ids=desk.app.ids, channels=desk.channels, now=desk.now)


async def show(desk: Desk) -> Response:
    return await _page(desk, desk.form(Answer))


async def answer(desk: Desk) -> Response:
    """Keep an answer and send it to the giver."""
    form = desk.form(Answer)
    if not form.validate():
        return await _page(desk, form)
    try:
        async with desk.write() as conn:
            gift = await find(desk, conn)
            await givers.answer(
                conn,
                gift,
                form.body.data,
                home=desk.home,
                title=called.title(desk.app.flows, gift.flow),
                by=desk.me.member,
                means=means(desk),
            )
            await desk.trace(conn, "answered", subject=gift.id)
    except Complaint as complaint:
        form.complain("body", complaint)
        return await _page(desk, form)
    return desk.go(f"/contributions/{gift.id}", said=ANSWERED)


async def _page(desk: Desk, form: Answer) -> Response:
    async with desk.read() as conn:
        gift = await find(desk, conn)
        answers = await replying.answers(conn, gift.id)
        hidden = await hiding.last(conn, gift.id)
        seen = await typing.seen_by(conn, desk.home.id, [one.id for one in gift.files])
        who = [*(one.by for one in answers), *(one.who for one in seen.values())]
        who += [hidden.by, hidden.second] if hidden else []
        values: dict[str, Any] = {
            "one": gift,
            "asked": list(_asked(desk, gift)),
            "answers": answers,
            "states": STATES,
            "untold": UNTOLD,
            "hidden": hidden,
            "seen": seen,
            "names": await browsing.names(conn, who),
            "way": await replying.way(conn, gift.id, desk.channels, desk.now),
            "called": called,
        }
    return desk.page("contributions/one.html", form=form, **values)


def _asked(desk: Desk, gift: Contribution) -> Iterator[tuple[str, str]]:
    """What they were asked beside their main words, and what they said."""
    flows, language = desk.app.flows, desk.home.language
    questions = called.questions(flows, gift.flow, language)
    scale = called.scale(flows, gift.flow, language)
    for name, answer in gift.answers.items():
        if isinstance(answer, list):
            for number, one in enumerate(answer, 1):
                for part, each in one.items():
                    if said := _said(each, scale):
                        yield f"{number}. {questions.get(part) or called.kind(part)}", said
        elif name != BALLOT and (said := _said(answer, scale)) and said not in gift.text:
            yield questions.get(name) or called.kind(name), said


def _said(answer: Any, scale: Scale) -> str:
    """An answer in words; a step of a scale with how many there are."""
    said = "; ".join(browsing.texts(answer))
    stepped = said.isdecimal() and isinstance(answer, Mapping) and answer.get("keys") == [said]
    return scale.words(int(said)) if stepped else said


PAGES = (Page("/contributions/{gift}", show=show, do=answer),)
