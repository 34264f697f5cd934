"""What a brief will be like for those who get it: how hard to read, how long, and on three phones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.sending import notices
from bot.sending.forecast import Writes, version_name
from bot.staff.briefs import pieces
from bot.web.console.desk import Desk, Service
from bot.web.console.phones import Phones, rung, three
from flows import readable
from flows.calendar import day_name
from flows.events import Say
from flows.sentences import Sentences
from flows.state import Brief, Notice
from flows.wording import key_of
from storage.sending.sendings import Recipient
from storage.sessions.meetings import Content, Meeting

ENGLISH = "en"  # whose reading age can be told
MINUTE = 60  # seconds
CHANNELS = ("telegram", "sms", "voice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One version. `age`: from which age on people read it with ease; None where it isn't English.

    Of the `parts` of a text, so many come `at_once`; the others wait for MORE.
    """

    name: str
    age: int | None
    long: tuple[str, ...]
    parts: int
    at_once: int
    seconds: int

    @property
    def heard(self) -> str:
        """How long it takes to hear, roughly."""
        minutes = round(self.seconds / MINUTE)
        return "under a minute" if not minutes else f"about {minutes} minute{'' if minutes == 1 else 's'}"


def content_of(meeting: Meeting, title: str, texts: Mapping[tuple[str, str], str]) -> Content:
    """A brief that is not kept yet, as it would be sent."""
    return Content(
        id="draft",
        title=title,
        meeting=meeting.title,
        at=meeting.at,
        zone=meeting.zone,
        language=meeting.language,
        versions=texts,
        files=(),
    )


def written_for(app: Service, content: Content, now: datetime) -> Writes:
    """What each member gets."""
    words = Sentences(app.flows.phrases)

    def write(one: Recipient) -> Say:
        mine = words.to(one.language, one.form)
        return notices.brief(mine, content, channel=one.channel, again=one.again, now=now)

    return write


def check(app: Service, content: Content, now: datetime) -> list[Checked]:
    """Each version that is there."""
    write = written_for(app, content, now)
    found = []
    for language, form in in_order(content):
        words = "\n".join(pieces(content.versions[language, form]))
        say = write(Recipient(member="", language=language, form=form, channel="sms"))
        first, _ = app.senders.sms.fit(say)
        found.append(
            Checked(
                name=version_name(app.flows, language, form),
                age=readable.reading_age(words) if language == ENGLISH else None,
                long=tuple(readable.long_sentences(words)),
                parts=_parts(say),
                at_once=_parts(first),
                seconds=readable.seconds_to_listen(words),
            )
        )
    return found


def _parts(say: Say) -> int:
    return readable.parts(readable.simplify(say.text))


def in_order(content: Content) -> list[tuple[str, str]]:
    """The versions that are there, the group's own plain one first."""
    own = content.language
    return sorted(content.versions, key=lambda one: (one[0] != own, one[0], one[1] != "plain"))


def phones(desk: Desk, content: Content, version: tuple[str, str]) -> Phones:
    """How one version looks and sounds."""
    language, form = version
    write = written_for(desk.app, content, desk.now)
    said = {
        channel: [write(Recipient(member="", language=language, form=form, channel=channel))]
        for channel in CHANNELS
    }
    notice = Notice(id="", kind="brief", subject=content.id, text="", language=language)
    heard = rung(
        desk.app,
        desk.home,
        notice,
        now=desk.now,
        briefs=[_read_out(content, desk.now)],
        language=language,
        form=form,
    )
    return three(desk.app, said, group=desk.home, language=language, turns=heard)


def _read_out(content: Content, now: datetime) -> Brief:
    """The same as a call reads it out, piece by piece."""
    parts = {
        key_of(language, form): pieces(markdown) for (language, form), markdown in content.versions.items()
    }
    when = day_name(content.at, content.zone, now)
    return Brief(
        id=content.id,
        title=content.title,
        meeting=content.meeting,
        when=when,
        parts=parts,
        files=content.files,
    )
