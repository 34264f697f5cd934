"""Writing a poll, or mending what was written: it is kept as a draft, and nobody is asked yet."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from starlette.responses import Response

from bot.sending.forecast import version_name
from bot.web.console.desk import Desk, Page
from bot.web.console.forms import Choice, Clock, Day, Form, Line, Tick, Words, moment
from bot.web.console.versions import Version, versions_of
from flows.calendar import WhenError
from flows.polls import Worded
from storage.members.groups import Complaint
from storage.sessions import drafting
from storage.sessions.drafting import (
    LONGEST_QUESTION,
    LONGEST_REASON,
    MOST_OPTIONS,
    NewPoll,
    fit_closing,
    fit_options,
    fit_question,
    fit_reason,
)

T = TypeVar("T")
PARTS = ("question", "options", "changes", "decides")
OPEN, SECRET = "open", "secret"
ONE_EACH_LINE = "One on each line, from 2 to {most}. Up to 8 are easy to listen to on a call."


class Writing(Form):
    question = Words("The question", "Write the question.", most=LONGEST_QUESTION, rows=2)
    options = Words(
        "What people can choose",
        "Write what people can choose, one on each line.",
        rows=5,
        hint=ONE_EACH_LINE.format(most=MOST_OPTIONS),
    )
    changes = Line(
        "What will this vote change?",
        "Say what this vote will change.",
        most=LONGEST_REASON,
        hint="Members hear it with the question. For example: where we meet from May",
    )
    decides = Line(
        "Who decides in the end?",
        "Say who decides in the end.",
        most=LONGEST_REASON,
        hint="Members hear this too. For example: all of us, by this vote",
    )
    several = Tick("People may choose more than one")
    staff = Tick("Those who run the group may vote too")
    kept = Choice(
        "Is the vote open or secret?",
        choices={
            OPEN: "Open: who chose what stays known. Pages and results never show it, but exports do.",
            SECRET: "Secret: who chose what is deleted at closing. Where few vote, only what won is told.",
        },
    )
    closes_day = Day("The last day to vote", hint="Leave day and time empty to let it close after a week.")
    closes_at = Clock("Until what time?")


async def new(desk: Desk) -> Response:
    others = await _others(desk)
    return _shown(desk, desk.form(_form(others), kept=OPEN), others)


async def create(desk: Desk) -> Response:
    return await _keep(desk, await _others(desk))


async def mend(desk: Desk) -> Response:
    draft = await _draft(desk)
    others = await _others(desk, draft.versions)
    return _shown(desk, desk.form(_form(others), **_as_typed(desk, draft)), others, desk.path["draft"])


async def save(desk: Desk) -> Response:
    draft = await _draft(desk)
    return await _keep(desk, await _others(desk, draft.versions), desk.path["draft"])


async def _keep(desk: Desk, others: Sequence[Version], draft: str = "") -> Response:
    """Keep what was typed as a draft, or say what is to be mended and keep what was typed on the page."""
    form = desk.form(_form(others))
    wanted = _wanted(desk, form, others)
    if wanted is None:
        return _shown(desk, form, others, draft)
    try:
        async with desk.write() as conn:
            kept = await drafting.keep(conn, wanted, ids=desk.app.ids, now=desk.now, poll=draft)
    except Complaint as complaint:
        form.complain("question", complaint)
        return _shown(desk, form, others, draft)
    return desk.go(f"/polls/drafts/{kept}", said="It is kept as a draft. Nobody has been asked yet.")


def _shown(desk: Desk, form: Form, others: Sequence[Version], draft: str = "") -> Response:
    named = [
        (version_name(desk.app.flows, *version), [form[_name(part, version)] for part in PARTS])
        for version in others
    ]
    return desk.page("polls/write.html", form=form, others=named, draft=draft)


async def _draft(desk: Desk) -> NewPoll:
    async with desk.read() as conn:
        return await drafting.find(conn, desk.home.id, desk.path["draft"]) or desk.missing()


async def _others(desk: Desk, had: Iterable[Version] = ()) -> list[Version]:
    """The languages and forms that a poll may be put into here, besides the one that it is written in."""
    async with desk.read() as conn:
        _, *others = await versions_of(conn, desk.home, *had)
    return others


def _form(others: Sequence[Version]) -> type[Writing]:
    """The form with the same words once more for each language and form; those may be left empty."""
    fields: dict[str, Any] = {}
    for version in others:
        fields |= {
            _name("question", version): Words("The question", most=LONGEST_QUESTION, rows=2),
            _name("options", version): Words("What people can choose, in the same order", rows=5),
            _name("changes", version): Line("What will this vote change?", most=LONGEST_REASON),
            _name("decides", version): Line("Who decides in the end?", most=LONGEST_REASON),
        }
    return cast(type[Writing], type("WritingInVersions", (Writing,), fields))


def _name(part: str, version: Version) -> str:
    return "_".join((part, *version))


def _as_typed(desk: Desk, draft: NewPoll) -> dict[str, Any]:
    """A draft as it stands in the form's fields."""
    closes = draft.closes_at.astimezone(ZoneInfo(desk.home.zone)) if draft.closes_at else None
    typed: dict[str, Any] = {
        "question": draft.question,
        "options": "\n".join(draft.options),
        "changes": draft.changes,
        "decides": draft.decides,
        "several": draft.several,
        "staff": draft.staff,
        "kept": SECRET if draft.secret else OPEN,
        "closes_day": closes.date() if closes else None,
        "closes_at": closes.time() if closes else None,
    }
    for version, words in draft.versions.items():
        typed |= {_name(part, version): getattr(words, part) for part in PARTS}
        typed[_name("options", version)] = "\n".join(words.options)
    return typed


def _wanted(desk: Desk, form: Writing, others: Sequence[Version]) -> NewPoll | None:
    """The poll as it was typed; None where something is to be mended, with a sentence beside it."""
    form.validate()
    words = _words(form)
    versions = {version: _words(form, version, like=words) for version in others if _begun(form, version)}
    closes = _closing(desk, form)
    if form.mistakes:
        return None
    return NewPoll(
        group=desk.home.id,
        question=words.question,
        options=words.options,
        several=form.several.data,
        secret=form.kept.data == SECRET,
        staff=form.staff.data,
        closes_at=closes,
        changes=words.changes,
        decides=words.decides,
        versions=versions,
    )


def _begun(form: Writing, version: Version) -> bool:
    return any(form[_name(part, version)].data for part in PARTS)


def _words(form: Writing, version: Version = ("", ""), like: Worded | None = None) -> Worded:
    """The words of one version, each part checked by itself so that its own field can say what is wrong."""

    def part(name: str, fit: Callable[[Any], T], typed: Callable[[str], Any] = str) -> T | None:
        field = _name(name, version) if like else name
        if form[field].errors:
            return None
        try:
            return fit(typed(form[field].data or ""))
        except Complaint as complaint:
            form.complain(field, complaint)
            return None

    labels = (
        part("options", fit_options, lambda words: [one for one in words.split("\n") if one.strip()]) or []
    )
    if like and like.options and labels and len(labels) != len(like.options):
        form.complain(
            _name("options", version), f"Write the same {len(like.options)} choices, in the same order."
        )
    return Worded(
        question=part("question", fit_question) or "",
        options=tuple(labels),
        changes=part("changes", fit_reason) or "",
        decides=part("decides", fit_reason) or "",
    )


def _closing(desk: Desk, form: Writing) -> datetime | None:
    """When it is to close; None for a week after it is opened."""
    day, at = form.closes_day.data, form.closes_at.data
    if form.closes_day.errors or form.closes_at.errors:
        return None
    if not day and not at:
        return None
    if not (day and at):
        form.complain(
            "closes_at" if day else "closes_day", "Choose both a day and a time, or leave both empty."
        )
        return None
    try:
        closes = moment(desk.home, day, at, desk.now)
        fit_closing(closes, desk.now)
    except (WhenError, Complaint) as complaint:
        form.complain("closes_day", complaint)
        return None
    return closes


PAGES = (
    Page("/polls/new", show=new, do=create),
    Page("/polls/drafts/{draft}/write", show=mend, do=save),
)
