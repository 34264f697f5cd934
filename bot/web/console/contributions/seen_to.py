"""Hiding something from the other members, with a reason, and the second person who looks at that."""

from typing import Any

from starlette.responses import Response

from bot.staff import givers
from bot.web.console.contributions import called
from bot.web.console.contributions.one import find, means
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Choice, Form
from bot.web.console.words import capital
from flows.sentences import Sentences
from storage.given import browsing, hiding
from storage.members.groups import Complaint
from storage.members.people import find_member

TOLD = "Whoever gave it is told."
NOT_TOLD = "Whoever gave it can't be told: there is no way to them that we may use."


class Hide(Form):
    why = Choice("Why must it be hidden?", "Choose a reason: whoever gave it is told.")


class Review(Form):
    now = Choice(
        "What do you decide?",
        "Choose whether the others see it.",
        choices={"show": "Show it to the others again", "keep": "Keep it hidden"},
    )


async def hide(desk: Desk) -> Response:
    return await _page(desk, "contributions/hide.html", _hide(desk))


async def do_hide(desk: Desk) -> Response:
    form = _hide(desk)
    if not form.validate():
        return await _page(desk, "contributions/hide.html", form)
    try:
        async with desk.write() as conn:
            gift = await find(desk, conn)
            me = await find_member(conn, desk.me.member, desk.app.secrets)
            told = await givers.hide(conn, gift.id, form.why.data, by=me, means=means(desk))
    except Complaint as complaint:
        form.complain("why", complaint)
        return await _page(desk, "contributions/hide.html", form)
    return _done(desk, f"It is hidden from the others. {_told(gift, told)}")


async def review(desk: Desk) -> Response:
    return await _page(desk, "contributions/review.html", desk.form(Review))


async def do_review(desk: Desk) -> Response:
    form = desk.form(Review)
    if not form.validate():
        return await _page(desk, "contributions/review.html", form)
    show = form.now.data == "show"
    try:
        async with desk.write() as conn:
            gift = await find(desk, conn)
            me = await find_member(conn, desk.me.member, desk.app.secrets)
            _, told = await givers.review(conn, gift.id, show=show, by=me, means=means(desk))
    except Complaint as complaint:
        form.complain("now", complaint)
        return await _page(desk, "contributions/review.html", form)
    return _done(desk, f"{'It is shown again.' if show else 'It stays hidden.'} {_told(gift, told)}")


def _hide(desk: Desk) -> Hide:
    form = desk.form(Hide)
    form.why.choices = _reasons(desk)
    return form


def _reasons(desk: Desk) -> dict[str, str]:
    """Why something may be hidden, as its giver is told."""
    words = Sentences(desk.app.flows.phrases, desk.home.language)
    said = {why: words(f"hidden.{why}") for why in hiding.REASONS}
    return {why: capital(sentence) for why, sentence in said.items()}


def _told(gift: browsing.Contribution, told: bool) -> str:
    """Whether a giver without a name could be told would say something of who it is."""
    return TOLD if told or gift.unnamed else NOT_TOLD


def _done(desk: Desk, said: str) -> Response:
    return desk.go(f"/contributions/{desk.path['gift']}", said=said)


async def _page(desk: Desk, template: str, form: Form) -> Response:
    async with desk.read() as conn:
        gift = await find(desk, conn)
        last = await hiding.last(conn, gift.id)
        names = await browsing.names(conn, [last.by] if last else [])
    values: dict[str, Any] = {
        "one": gift,
        "last": last,
        "names": names,
        "mine": last and last.by == desk.me.member,
    }
    values |= {"called": called, "reasons": _reasons(desk)}
    return desk.page(template, form=form, **values)


PAGES = (
    Page("/contributions/{gift}/hide", show=hide, do=do_hide),
    Page("/contributions/{gift}/review", show=review, do=do_review),
)
