"""The words of what we send to many: briefs, polls, results, meetings moved or cancelled.

Each says by itself what it is about, for somebody who last heard from us weeks ago.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.briefs import pieces
from flows.calendar import day_name
from flows.events import Option, Question, Say, Shown
from storage.sending.spending import Passed
from storage.sessions.meetings import Content, Meeting
from storage.sessions.polls import Tally

HIDDEN = {
    "names somebody": "it names somebody",
    "dangerous": "it could put somebody in danger",
    "given twice": "it was given twice",
    "not ours to show": "it is not ours to show",
}
NO_EASY = "We do not have this in an easy version."
NO_LANGUAGE = "We do not have this in your language."
READ_BUTTON = "I have read it"
READ_WORD = "Text READ when you have read it."
WITH_FILES = "There are pictures or papers with it that we cannot send by text. Ask us for them."
WILL_LOOK, CANT_LOOK = "I will look", "I can't look now"
FULL = 100  # per cent of what a group may spend in a day
ANNOUNCED = "There is also a vote: text VOTE when you are ready."


def brief(content: Content, *, channel: str, language: str, form: str, again: bool, now: datetime) -> Say:
    """A brief by one channel, in the version nearest to what this member needs."""
    note, markdown = version(content.versions, language, form, content.language)
    when = day_name(content.at, content.zone, now)
    head = f"{'A reminder: to' if again else 'To'} read before {content.meeting}, {when}:\n{content.title}"
    body = "\n\n".join(pieces(markdown))
    if channel == "telegram":
        text = "\n\n".join(part for part in (head, note, body) if part)
        return Say(text=text, question=_acknowledge(content.id), shown=content.files, language=language)
    if channel == "sms":
        # What must be known stands first: the rest waits for MORE.
        extra = WITH_FILES if content.files else ""
        head = "\n".join(part for part in (head, READ_WORD, extra, note) if part)
        return Say(text=f"{head}\n\n{body}", language=language)
    return Say(text="\n\n".join(part for part in (head, note, body) if part), language=language)


def hidden(why: str) -> Say:
    """Something that they gave was hidden; with no word of what it was."""
    text = (
        f"Something that you gave is now hidden from the other members, because {HIDDEN[why]}. Nothing of it "
        "is changed or lost. If you would like a second person to look at it, text LOOK AGAIN."
    )
    spoken = text.replace("text LOOK AGAIN", "say so under: you and your choices, what you gave")
    return Say(text=text, spoken=spoken)


def reviewed(why: str, *, show: bool) -> Say:
    """A second person has looked at it."""
    now = "is shown to the other members again" if show else f"stays hidden, because {HIDDEN[why]}"
    return Say(text=f"A second person has looked at what you gave. It {now}. Nothing of it is changed.")


def version(versions: Mapping[tuple[str, str], str], language: str, form: str, own: str) -> tuple[str, str]:
    """The text nearest to what somebody needs, and one sentence where it is not what they need."""
    for where, note in (
        ((language, form), ""),
        ((language, "plain"), NO_EASY),
        ((own, form), NO_LANGUAGE),
        ((own, "plain"), NO_LANGUAGE if language != own else NO_EASY),
    ):
        if where in versions:
            return note, versions[where]
    return NO_LANGUAGE, next(iter(versions.values()))


def poll(tally: Tally, now: datetime) -> Say:
    """A poll as a question; its id is the poll's, so that a button pressed late still finds it."""
    lines = [f"A vote in {tally.group_name}: {tally.question}"]
    if tally.closes_at:
        lines.append(f"You can vote until {day_name(tally.closes_at, tally.zone, now)}.")
    if tally.secret:
        lines.append("It is secret: nobody will see what you chose.")
    question = Question(
        id=tally.id,
        name="ballot",
        text=tally.question,
        takes=("several",) if tally.several else ("choice",),
        options=tuple(Option(key=key, label=label) for key, label in tally.options),
        most=tally.most,
        poll=tally.id,
    )
    return Say(text="\n".join(lines), question=question)


def announced() -> Say:
    """What is said of a poll to somebody who is in the middle of something."""
    return Say(text=ANNOUNCED)


def result(tally: Tally, picture: Shown | None = None) -> Say:
    """What came of a poll: counts, per cents, and a plain sentence."""
    counts = "\n".join(tally.lines)
    text = "\n".join(
        part for part in (f"The vote has closed: {tally.question}", counts, tally.sentence) if part
    )
    spoken = " ".join(
        (f"The vote has closed. The question was: {tally.question}.", tally.sentence, *tally.lines)
    )
    return Say(text=text, spoken=spoken, shown=(picture,) if picture else ())


def moved(meeting: Meeting, now: datetime) -> Say:
    when = day_name(meeting.at, meeting.zone, now)
    return Say(text=f"The session “{meeting.title}” has moved. It is now {when}.")


def cancelled(meeting: Meeting, now: datetime) -> Say:
    when = day_name(meeting.at, meeting.zone, now)
    return Say(text=f"The session “{meeting.title}” will not take place. It was planned for {when}.")


def spent(passed: Passed) -> Say:
    """What facilitators are told when their group has spent most of what it may in a day."""
    what = "text messages (a long one counts as several)" if passed.unit == "segments" else "minutes of calls"
    if passed.share < FULL:
        said = f"Your group has used {passed.share}% of its {passed.limit} {what} for today."
        return Say(text=f"{said} After that, what we start waits for tomorrow. Answers still go.")
    said = f"Your group has used all of its {passed.limit} {what} for today."
    return Say(text=f"{said} What we start waits for tomorrow. Answers still go.")


def alert(id: str, number: str, group_name: str, channel: str) -> Say:
    """That something came in that may need somebody now: none of its words, and not who it was."""
    said = f"Something that came in to {group_name}'s line may need you now."
    look = f"Then look: takepart safety show {number} --by ME"
    if channel == "voice":
        return Say(text=f"{said} It is alert {' '.join(number)}.")
    if channel == "telegram":
        options = (Option(key="seen", label=WILL_LOOK), Option(key="pass", label=CANT_LOOK))
        question = Question(id=id, name="look", text="", takes=("choice",), options=options)
        return Say(text=f"{said} Press “{WILL_LOOK}”, or send SEEN {number}. {look}", question=question)
    return Say(text=f"{said} Reply SEEN {number}. {look}")


def unheard(number: int, since: str, group_name: str, code: str) -> Say:
    """That recordings and photos have waited for longer than the group promised."""
    many = "1 recording or photo" if number == 1 else f"{number} recordings and photos"
    waits = "waits" if number == 1 else "wait"
    said = f"{many} in {group_name} {waits} to be heard or seen, since {since}."
    return Say(text=f"{said} To see the list: takepart unheard {code}")


def _acknowledge(brief_id: str) -> Question:
    """The button under a brief; its id is the brief's, so that a button pressed late still finds it."""
    read = Option(key="read", label=READ_BUTTON)
    return Question(id=brief_id, name="acknowledge", text="", takes=("choice",), options=(read,))


def fading(group_name: str, days: int) -> Say:
    """What members are told a week before what they gave long ago is erased."""
    said = f"{group_name} keeps what it is given for {days} days. What you gave earlier is erased in a week."
    return Say(text=f"{said} You need not do anything. Ask us before then if you would like a copy.")


def fading_here(number: int, days: int) -> Say:
    """The same for facilitators: how much it is."""
    said = f"Your group keeps what it is given for {days} days. What is older is erased in a week ({number})."
    return Say(text=f"{said} To keep a copy, have it written out before then, with takepart export.")
