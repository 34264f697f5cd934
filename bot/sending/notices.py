"""What we send to many, or start by ourselves, put together from the sentences of the house.

Each says by itself what it is about, for somebody who last heard from us weeks ago.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.staff.briefs import pieces
from flows.ballots import ballot_of
from flows.calendar import day_name
from flows.events import Option, Question, Say, Shown
from flows.polls import Poll
from flows.sentences import Sentences
from flows.wording import Text, nearest
from storage.sending.spending import Passed
from storage.sessions.meetings import Content, Meeting
from storage.sessions.polls import Tally

NO_EASY, NO_LANGUAGE = "brief.no easy", "brief.no language"
FULL = 100  # per cent of what a group may spend in a day


def brief(words: Sentences, content: Content, *, channel: str, again: bool, now: datetime) -> Say:
    """A brief by one channel, in the version nearest to what this member needs."""
    missing, markdown = version(content.versions, words.language, words.form, content.language)
    note = words(missing) if missing else ""
    when = day_name(content.at, content.zone, now)
    head = words("brief.again" if again else "brief.head", meeting=content.meeting, when=when)
    head = f"{head}\n{content.title}"
    body = "\n\n".join(pieces(markdown))
    if channel == "telegram":
        text = "\n\n".join(part for part in (head, note, body) if part)
        asked = _acknowledge(content.id, words("brief.read"))
        return Say(text=text, question=asked, shown=content.files, language=words.language)
    if channel == "sms":
        # What must be known stands first: the rest waits for MORE.
        extra = words("brief.files") if content.files else ""
        head = "\n".join(part for part in (head, words("brief.read word"), extra, note) if part)
        return Say(text=f"{head}\n\n{body}", language=words.language)
    text = "\n\n".join(part for part in (head, note, body) if part)
    return Say(text=text, language=words.language)


def hidden(words: Sentences, why: str) -> Say:
    """Something that they gave was hidden; with no word of what it was."""
    return said(words, "notice.hidden", why=words(f"hidden.{why}"))


def reviewed(words: Sentences, why: str, *, show: bool) -> Say:
    """A second person has looked at it."""
    name = "notice.shown again" if show else "notice.stays hidden"
    return said(words, name, why=words(f"hidden.{why}"))


def replied(
    words: Sentences, body: str, *, group: str, gift: Text | None, at: datetime, zone: str, now: datetime
) -> Say:
    """What a group answers to something that somebody gave, which they know by its `gift`.

    Of what came without a name nothing tells what it was or when: others may read the phone.
    """
    head = words("notice.reply to something", group=group)
    if gift:
        day = day_name(at, zone, now).partition(" at ")[0]
        kind = gift.written[words.language, words.form].text
        head = words("notice.reply", group=group, gift=kind, day=day)
    return Say(text=f"{head}\n\n{body}", language=words.language)


def version(versions: Mapping[tuple[str, str], str], language: str, form: str, own: str) -> tuple[str, str]:
    """The text nearest to what somebody needs; where it is not what they need, the sentence that says so."""
    at = nearest(versions, language, form, own)
    return _lacking(at, language, form), versions[at]


def _lacking(at: tuple[str, str], language: str, form: str) -> str:
    if at == (language, form):
        return ""
    return NO_EASY if at[0] == language else NO_LANGUAGE


def poll(words: Sentences, tally: Tally, now: datetime, *, again: bool = False) -> Say:
    """A poll as a question; its id is the poll's, so that a button pressed late still finds it.

    `again`: it was asked before, and they have not voted yet.
    """
    asked = tally.asked.in_words(words.language, words.form)
    name = "notice.poll again" if again else "notice.poll"
    lines = [words(name, group=tally.group_name, question=asked.question), *what_for(words, asked)]
    if tally.closes_at:
        lines.append(words("notice.poll until", when=day_name(tally.closes_at, tally.zone, now)))
    if tally.secret:
        lines.append(words("notice.poll secret"))
    if missing := _lacking(asked.version(words.language, words.form), words.language, words.form):
        lines.append(words(missing))
    return Say(text="\n".join(lines), question=ballot_of(asked), language=words.language)


def what_for(words: Sentences, poll: Poll) -> list[str]:
    """What a poll will change, and who decides."""
    reasons = {"changes": poll.changes, "decides": poll.decides}
    return [words(f"vote.{name}", **{name: said}) for name, said in reasons.items() if said]


def announced(words: Sentences) -> Say:
    """What is said of a poll to somebody who is in the middle of something."""
    return said(words, "notice.poll waits")


def result(words: Sentences, tally: Tally, picture: Shown | None = None) -> Say:
    """What came of a poll: counts, per cents, and a plain sentence."""
    counts = "\n".join(tally.lines)
    closed = words("notice.result", question=tally.question)
    text = "\n".join(part for part in (closed, counts, tally.sentence) if part)
    spoken = " ".join((words.aloud("notice.result", question=tally.question), tally.sentence, *tally.lines))
    shown, language = (picture,) if picture else (), words.tongue("notice.result")
    return Say(text=text, spoken=spoken, shown=shown, language=language)


def moved(words: Sentences, meeting: Meeting, now: datetime) -> Say:
    when = day_name(meeting.at, meeting.zone, now)
    return said(words, "notice.moved", meeting=meeting.title, when=when)


def cancelled(words: Sentences, meeting: Meeting, now: datetime) -> Say:
    when = day_name(meeting.at, meeting.zone, now)
    return said(words, "notice.cancelled", meeting=meeting.title, when=when)


def spent(words: Sentences, passed: Passed) -> Say:
    """What facilitators are told when their group has spent most of what it may in a day."""
    what = words(f"spent.{passed.unit}")
    name = "spent.most" if passed.share < FULL else "spent.all"
    return said(words, name, share=passed.share, limit=passed.limit, what=what)


def alert(words: Sentences, pages: str, id: str, number: str, group_name: str, channel: str) -> Say:
    """That something came in that may need somebody now: none of its words, and not who it was.

    `pages` is where it can be looked at.
    """
    if channel == "voice":
        return said(words, "alert.by call", group=group_name, number=" ".join(number))
    look, pass_ = words("alert.will look"), words("alert.can't look")
    text = words(f"alert.by {channel}", group=group_name, number=number, look=look, pages=pages)
    if channel != "telegram":
        return Say(text=text, language=words.tongue(f"alert.by {channel}"))
    options = (Option(key="seen", label=look), Option(key="pass", label=pass_))
    question = Question(id=id, name="look", text="", takes=("choice",), options=options)
    return Say(text=text, question=question, language=words.tongue(f"alert.by {channel}"))


def unheard(words: Sentences, number: int, since: str, group_name: str) -> Say:
    """That recordings and photos have waited for longer than the group promised."""
    name = "unheard.one" if number == 1 else "unheard.many"
    return said(words, name, number=number, since=since, group=group_name)


def fading(words: Sentences, group_name: str, days: int) -> Say:
    """What members are told a week before what they gave long ago is erased."""
    return said(words, "fading.theirs", group=group_name, days=days)


def fading_here(words: Sentences, number: int, days: int) -> Say:
    """The same for facilitators: how much it is."""
    return said(words, "fading.here", number=number, days=days)


def sign_in_code(words: Sentences, code: str) -> Say:
    """The code that lets somebody in to the facilitators' pages; aloud, with a pause after each digit."""
    spoken = words.aloud("sign-in code", code=", ".join(code))
    return Say(text=words("sign-in code", code=code), spoken=spoken, language=words.tongue("sign-in code"))


def said(words: Sentences, name: str, /, **values: str | int) -> Say:
    """One sentence by itself."""
    text, spoken = words(name, **values), words.aloud(name, **values)
    return Say(text=text, spoken="" if spoken == text else spoken, language=words.tongue(name))


def _acknowledge(brief_id: str, label: str) -> Question:
    """The button under a brief; its id is the brief's, so that a button pressed late still finds it."""
    read = Option(key="read", label=label)
    return Question(id=brief_id, name="acknowledge", text="", takes=("choice",), options=(read,))
