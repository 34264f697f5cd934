"""A person's help: putting a call through, handing a written conversation over, and handing it back.

While a person helps by text the automation is quiet: what the member writes goes to that person, and only
stop words and the ends of the hand-over are acted on.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from flows.calendar import Hours, day_name, next_open
from flows.effects import EndHandover, Handed, HandOver, Helped, HelperSays, Matter, TellHelper
from flows.state import Answer, Group, Handover, Member
from flows.turns.frames import drop_overlays, open_frame, park, put_question, resume
from flows.turns.turning import Turn
from flows.values import replace

# "#1 words", or only "#1" where it is the message of ours that is being answered.
MARKED = re.compile(r"#\s?(\d{1,2})\b[\s:.,]*(.*)", re.DOTALL)
DONE = {"done", "finished", "bye", "goodbye", "good bye"}
ENDS = DONE | {"menu", "main menu", "the menu"}
BEGINS_WITH_HELP = re.compile(r"\W*(help|info)\b.*\w", re.IGNORECASE | re.DOTALL)
PASSING = {"menu", "me", "help", "try"}  # where somebody asks for help from, and need not come back to


def helper(t: Turn) -> str:
    """Who helps, by name where there is one."""
    return (t.group.helper if t.group else "") or t.phrase("readers.nobody")


def opens(t: Turn) -> datetime:
    """When the helper is there: now, or the next time."""
    group = t.group
    if group is None:
        return t.now
    hours = Hours.parse(group.rules.helper_hours or group.hours)
    return next_open(t.now, hours, group.rules.helper_days, group.zone)


def there(t: Turn) -> bool:
    """Whether the helper takes calls and answers now."""
    return opens(t) <= t.now


def when(t: Turn) -> str:
    """When the helper is there next, in words."""
    return day_name(opens(t), t.group.zone, t.now) if t.group else ""


def first_name(member: Member | None) -> str:
    return member.name.partition(" ")[0] if member else ""


def called(t: Turn) -> str:
    """What the helper reads of the member: their number where the name is spoken and not typed up yet."""
    return first_name(t.member) or _numbered(t, t.member.number if t.member else "")


def _numbered(t: Turn, number: str) -> str:
    return t.phrase("handover.nameless", number=number)


# Asking for a person ---------------------------------------------------------------------------------
def person(t: Turn, _: str) -> None:
    """Ask for a person: on a call put through, in writing a hand-over, else something on the list."""
    if t.on_call and t.group is None:
        t.tell("help.which group")
        return
    if t.member:
        t.do(Matter(kind="help"))
    if t.on_call:
        _leave(t)
        _ring(t)
    elif t.group and _can_hand_over(t, t.group):
        _leave(t)
        _open(t, t.group)
    else:
        t.tell("help.person", helper=helper(t))
        _away(t)
        _also_by_phone(t)


def handed_over(t: Turn) -> bool:
    """Whether a person helps this member by text now."""
    return bool(t.member and t.member.handover)


def _leave(t: Turn) -> None:
    """Out of what help is asked for from; what lies below is where they were."""
    drop_overlays(t)
    while t.frames and t.frames[-1].flow in PASSING:
        t.frames.pop()


def _can_hand_over(t: Turn, group: Group) -> bool:
    """Whether somebody else would read it and may answer: the helper has a line, the member wants answers."""
    member = t.member
    return bool(group.helper_id and member and member.id != group.helper_id and member.state != "stopped")


def _open(t: Turn, group: Group) -> None:
    due_at = opens(t) + timedelta(minutes=group.rules.helper_waits)
    id_ = t.ids()
    t.do(HandOver(id=id_, tells=t.phrase("handover.asks", member=called(t)), due_at=due_at))
    if t.member:
        t.member = replace(t.member, handover=id_)
    t.away = False
    t.tell("handover.opened" if there(t) else "handover.opened later", helper=helper(t), when=when(t))
    if not there(t):
        t.line(group.rules.reach_now, language=group.language)
    _also_by_phone(t)
    t.tell("handover.how", helper=helper(t))


def _away(t: Turn) -> None:
    """Outside the helper's hours: when they answer, and whom to reach now."""
    if t.group and not there(t):
        t.tell("help.later", helper=helper(t), when=when(t))
        t.line(t.group.rules.reach_now, language=t.group.language)


def _also_by_phone(t: Turn) -> None:
    if t.group and t.group.helper_phone and not t.on_call and there(t):
        t.tell("help.ring", helper=helper(t), phone=t.group.helper_phone)


# On the phone ----------------------------------------------------------------------------------------
def _ring(t: Turn) -> None:
    if not put_through(t):
        _take_message(t)


def put_through(t: Turn) -> bool:
    """Put the call through, where the helper can be rung now; else say when they are there."""
    group = t.group
    if group and group.helper_phone and there(t):
        t.tell("help.dial", helper=helper(t))
        park(t)
        t.speak(dial=group.helper_phone)
        return True
    if there(t):
        t.tell("help.no phone", helper=helper(t))
    _away(t)
    return False


def _take_message(t: Turn) -> None:
    """What they say goes on the list. A stranger stands on it from now on too, though nothing tells whose."""
    open_frame(t, "message")
    if t.member is None:
        t.do(Matter(kind="help", id=t.frames[-1].id))


def after_person(t: Turn, *, answered: bool) -> None:
    """Back from being put through; where nobody came to the phone a message can be left."""
    if not answered:
        t.tell("help.away", helper=helper(t))
        _take_message(t)
        return
    if t.member:
        t.do(Helped())
    t.tell("help.back")
    if t.frames:
        resume(t)


def leave_message(t: Turn, _: str) -> None:
    """What was said for the helper goes on the list in place of the bare wish for help."""
    answer = t.answer("message") or Answer()
    if answer.media or answer.text:
        t.do(Helped(wish="" if t.member else t.frames[-1].id))
        t.do(Matter(kind="help", words=answer.text, media=answer.media))
        left = "help.message left" if t.member else "help.message of a stranger"
        t.do(TellHelper(text=t.phrase(left, member=called(t))))


def book(t: Turn, _: str) -> None:
    """A call is wanted, at a time that suits."""
    answer = t.answer("suits") or Answer()
    t.do(Matter(kind="call booked", words=answer.text, media=answer.media))
    name = called(t)
    spoken = answer.text or t.phrase("book.spoken")
    t.do(TellHelper(text=t.phrase("book.asks", member=name, words=spoken)))


# While a person helps --------------------------------------------------------------------------------
def taken(t: Turn) -> bool:
    """Whether this event belongs to a hand-over: of staff who help, or of the member who is helped."""
    return _staff_answers(t) or _member_writes(t)


def end(t: Turn, *, mistaken: bool = False) -> None:
    """The member goes on without the helper, or stopped everything, or blocked us here.

    `mistaken`: they had not asked for help.
    """
    if t.member and t.member.handover:
        left = t.phrase("handover.left", member=called(t))
        t.do(EndHandover(id=t.member.handover, tells=left, mistaken=mistaken))
        t.member = replace(t.member, handover="")


def _member_writes(t: Turn) -> bool:
    event = t.event
    if not handed_over(t) or t.on_call or (event.kind == "edit" and t.answered(event.of)):
        return False
    if event.kind == "press":
        return False
    if event.kind == "unknown":
        t.tell("unknown")
    elif t.was.helped and BEGINS_WITH_HELP.match(event.text):
        end(t, mistaken=True)
        return False  # HELP was the answer to what was asked, and here it is
    elif event.text.casefold().strip(" .!/") in ENDS:
        _hand_back(t)
    else:
        _hand(t)
    return True


def _hand(t: Turn) -> None:
    """Pass on what they wrote or sent; nothing is said, since a person will answer."""
    event = t.event
    words = event.text.strip() or event.value if event.kind != "media" else event.text.strip()
    media = t.take_files("photo", "voice", "file")
    if not words and not media:
        return
    name = called(t)
    tells = "handover.sends" if media else "handover.changed" if event.kind == "edit" else "handover.says"
    t.do(Handed(words=words, media=media, tells=t.phrase(tells, member=name, words=words).strip()))


def _hand_back(t: Turn) -> None:
    """The member goes on without the helper: what they were doing is offered again."""
    end(t)
    t.tell("handover.done", helper=helper(t))
    if t.event.text.casefold().strip(" .!/") not in DONE:
        open_frame(t, "menu")
    elif t.frames:
        t.tell("back.resumed", waiting=t.title(t.frames[-1]))
        resume(t)
    elif t.asked:
        put_question(t, t.asked)
    else:
        t.tell("handover.nothing")


# The helper's side -----------------------------------------------------------------------------------
def _staff_answers(t: Turn) -> bool:
    """Staff who begin with the number of a hand-over, or write below a message that does."""
    event, member = t.event, t.member
    if member is None or member.permission == "member" or t.on_call or event.kind not in ("words", "media"):
        return False
    text = event.text.strip()
    found = MARKED.fullmatch(text) or MARKED.fullmatch(f"{event.quoted} {text}")
    if found is None:
        return False
    _answer(t, t.look("handover", found[1]), found[2].strip(), who=member)
    return True


def forgotten(t: Turn) -> None:
    """The helper wrote what fits nothing, while somebody waits: it may be an answer without its number."""
    if t.on_call or not (t.member and t.group and t.member.id == t.group.helper_id):
        return
    waiting: tuple[Handover, ...] = t.look("my handovers", "")
    if waiting:
        who = (f"#{one.mark} {one.name or _numbered(t, one.number)}" for one in waiting)
        t.tell("handover.forgotten", who=", ".join(who))


def _answer(t: Turn, over: Handover | None, words: str, *, who: Member) -> None:
    if over is None:
        t.tell("handover.unknown")
        return
    name = over.name or _numbered(t, over.number)
    if not over.open:
        t.tell("handover.over", member=name)
    elif not words:
        t.tell("handover.empty", member=name)
    elif words.casefold().strip(" .!") in DONE:
        t.do(EndHandover(id=over.id, says=t.phrase("handover.ended", helper=first_name(who))))
        t.tell("handover.closed", member=name)
    else:
        says = t.phrase("handover.answer", helper=first_name(who), words=words)
        t.do(HelperSays(handover=over.id, words=words, says=says))
        t.tell("handover.sent", member=name)


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    "person": person,
    "leave message": leave_message,
    "book": book,
}
