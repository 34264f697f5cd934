"""Who does not take part yet: strangers at the door, who waits to be let in, who must agree anew."""

import re
from datetime import timedelta

from flows.effects import Change
from flows.events import Event
from flows.state import Answer, Conversation
from flows.turns import anywhere
from flows.turns.facts import NAMES
from flows.turns.frames import AWAY, open_frame
from flows.turns.helping import supporting
from flows.turns.joining.admitting import opens, way_in
from flows.turns.joining.consenting import outdated
from flows.turns.lines import linking
from flows.turns.replies import ask_again, fits
from flows.turns.running import run
from flows.turns.turning import Turn
from flows.understand import bare, command
from flows.values import replace

JOIN = re.compile(r"^\W*join\s+((?:\d[ -]?){7}\d|[a-z0-9]{3,20})\W*$", re.IGNORECASE)
BARE_CODE = re.compile(r"^\W*((?:\d[ -]?){7}\d)\W*$")  # of an invitation, without JOIN
FRIENDLY = timedelta(days=1)
AGREE, WAITING = "agree", "not in yet"  # the flows of those who must agree anew, and of those who wait
PASSING = {"hangup", "silence", "optout", "unknown"}  # events that bring nothing of somebody's own
LEAVING = {"leave", "forget-me"}
MOST_HELD = 20
BARE_JOIN = re.compile(r"\W*join\W*", re.IGNORECASE)
AGREES = re.compile(r"\W*(yes|y|yes please|ok|okay|1)\W*", re.IGNORECASE)  # to what `door.alone` says
KEYED = re.compile(r"^(\d{4}|\d{8})$")


def wanted(event: Event, conversation: Conversation) -> str | None:
    """What this event asks to be let in by: a group's code or number as it stands in `groups`, or the code
    of an invitation."""
    if event.kind == "words":
        said = event.text.strip()[:200]
        found = JOIN.match(said) or (None if conversation.group else BARE_CODE.match(said))
        return re.sub(r"[ -]", "", found[1]).upper() if found else None
    if event.kind == "press" and event.can.call:
        keyed = event.value.strip("#")
        return keyed if KEYED.match(keyed) and not conversation.group else None
    return None


def comes_again(t: Turn) -> None:
    """Take a member's second JOIN, as by the same link, for START or MENU: it is no answer here."""
    event, group = t.event, t.group
    if not (t.member and group and event.kind == "words" and bare(event.text).startswith("join ")):
        return
    if wanted(event, t.was) in (group.code, group.number):
        stopped = t.member.state == "stopped"
        t.event = replace(event, text="START" if stopped else "MENU")
        if not stopped:
            t.tell("again.joined")


def at_the_door(t: Turn) -> bool:
    """A stranger who writes: on to joining, or one friendly word a day. True where a flow takes the event."""
    if anywhere.blocking(t):
        t.at = t.was.at
        return False
    word = anywhere.opting(t)
    if word == "stop":
        supporting.give_up(t)
        t.do(Change(to="stopped"))  # of the line: no member of ours is there
        t.frames.clear()
        if anywhere.confirms(t):
            t.tell("stopped")
        return False
    if word == "start" and not t.frames:
        t.do(Change(to="active"))  # the carrier lets us answer again
    if t.event.kind == "optout":
        t.at = t.was.at
        return False  # the carrier has answered it
    t.frames[:] = [frame for frame in t.frames if frame.flow in {"join", "door", "come back", "entering"}]
    asks_in = wanted(t.event, t.was)
    if not asks_in and (takes := _without_joining(t)) is not None:
        return takes
    greeted = t.was.at is not None and t.now - t.was.at < FRIENDLY
    fresh = not greeted or word == "start"
    if asks_in and not opens(t, asks_in):
        return False
    if t.group and (asks_in or (not t.frames and way_in(t) and _begins(t, greeted=greeted, fresh=fresh))):
        t.frames.clear()
        open_frame(t, "join")
        run(t)
    elif t.frames and t.group:
        return True
    elif command(t.event.text) == "HELP" and t.event.kind == "words":
        t.tell("help.stranger")
    elif fresh:
        _greet(t)
    else:
        t.at = t.was.at
    return False


def _without_joining(t: Turn) -> bool | None:
    """Strangers who are known all the same: who takes part already, or sends things for somebody who does.

    True where a flow takes the event, None where it is none of them.
    """
    if supporting.sent_code(t):
        return False
    if supporting.at_it(t) and supporting.begins(t):
        ask_again(t)  # they are at it already
        return False
    if linking.at_it(t) or supporting.at_it(t):
        return True
    if linking.asks_back(t) or supporting.hands_in(t):
        run(t)
        return False
    return None


def _greet(t: Turn) -> None:
    """Say once a day who this is and how to join."""
    how = "door.hello"
    if t.group:
        how = "door.alone" if way_in(t) else "door.invited"
    t.tell(how, outside=NAMES["outside"](t), code=t.group.code if t.group else "")


def _begins(t: Turn, *, greeted: bool, fresh: bool) -> bool:
    """Whether somebody who named no group is asked to join the only one.

    By text a wrong number or a machine may write, so they are told how and hear no more that day.
    """
    if t.event.can.buttons or t.event.can.call:
        return fresh
    said = t.event.text.strip()[:40] if t.event.kind in ("words", "optout") else ""
    return bool(BARE_JOIN.fullmatch(said) or (greeted and AGREES.fullmatch(said)))


# Members who may not take part, or not yet -----------------------------------------------------------
def held_back(t: Turn) -> bool:
    """Keep what comes from who is not in yet, or has not agreed to what is kept now. True where it was kept.

    They can always leave, ask for a person, and see who reads what they send.
    """
    member = t.member
    if member is None or not (member.state == "waiting" or outdated(t)):
        return False
    ours = t.event.kind == "call" and t.event.value  # we rang: whoever or whatever answered hears that first
    if ours or t.event.kind in PASSING or _at_liberty(t):
        return False
    (_wait if member.state == "waiting" else _agree_first)(t)
    return True


def _at_liberty(t: Turn) -> bool:
    """Whether this goes on in a flow that is open to them too, or opens one."""
    frame = t.frame
    here = frame is not None and (frame.flow != AGREE or t.on_call or _answers(t))
    if frame and here and t.flow(frame).always:
        return True
    if t.event.kind != "words":
        return t.on_call and t.event.value in {"0", "*"}
    name = _opened(t)
    if name in LEAVING and t.member and t.member.state == "waiting":
        return False
    return bool(name and t.flows.current[name].always) or command(t.event.text) in {"HELP", "UNDO"}


def _opened(t: Turn) -> str:
    """The flow whose word this is."""
    return t.flows.triggers.get(bare(t.event.text), "") if t.event.kind == "words" else ""


def _answers(t: Turn) -> bool:
    return bool(t.question and fits(t, t.question)) or t.event.kind == "press"


def _wait(t: Turn) -> None:
    """A person lets them in: until then, what they send is for those who do. LEAVE takes it all back."""
    if _opened(t) in LEAVING:
        t.do(Change(to="erased"))
        t.frames.clear()
        t.tell("door.gone")
        return
    if t.event.kind == "call":
        t.afresh()
        open_frame(t, WAITING)
    elif t.event.kind in {"words", "media"} and not (
        command(t.event.text) or anywhere.opting(t) or _opened(t)
    ):
        media = t.take_files("photo", "voice")
        open_frame(t, WAITING, answers={"words": Answer(text=t.event.text.strip(), media=media)})
    else:
        t.tell("door.not yet")
        return
    run(t)


def _agree_first(t: Turn) -> None:
    """What is kept is worded anew: ask whether they agree, and hold what came until they do."""
    if t.event.kind == "call":
        t.afresh()
        t.tell("call.hello", outside=NAMES["outside"](t))
    else:
        t.held = (*t.held, t.event)[-MOST_HELD:]
    if t.frame and t.frame.flow == AGREE:
        ask_again(t)
        return
    open_frame(t, AGREE, answers=AWAY if t.away else None)
    run(t)


def agreed_now(t: Turn) -> tuple[Event, ...]:
    """What was held of somebody who has agreed in this turn, to be taken up as if it came only now.

    Files can be fetched only by the channel that they came on: those wait for it.
    """
    if not t.held or t.member is None or outdated(t):
        return ()
    here = t.event
    later = tuple(one for one in t.held if one.attachments and one.channel != here.channel)
    held = [one for one in t.held if one not in later]
    t.held = later
    return tuple(replace(one, channel=here.channel, can=here.can, session=here.session) for one in held)
