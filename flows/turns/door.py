"""Strangers at the door: which group they ask for, and what they hear."""

import re
from datetime import timedelta

from flows.events import Event
from flows.state import Conversation
from flows.turns import anywhere
from flows.turns.facts import NAMES
from flows.turns.frames import open_frame
from flows.turns.running import run
from flows.turns.turning import Turn
from flows.understand import command
from flows.values import replace

JOIN = re.compile(r"^\W*join\s+([a-z0-9]{3,20})\W*$", re.IGNORECASE)
FRIENDLY = timedelta(days=1)
BARE_JOIN = re.compile(r"\W*join\W*", re.IGNORECASE)
AGREES = re.compile(r"\W*(yes|y|yes please|ok|okay|1)\W*", re.IGNORECASE)  # to what `door.alone` says
KEYED = re.compile(r"^\d{4}$")


def wanted(event: Event, conversation: Conversation) -> str | None:
    """The group code or four-digit number that this event asks for, as it stands in `groups`."""
    if event.kind == "words":
        found = JOIN.match(event.text.strip()[:200])
        return found[1].upper() if found else None
    if event.kind == "press" and event.can.call:
        keyed = event.value.strip("#")
        return keyed if KEYED.match(keyed) and not conversation.group else None
    return None


def comes_again(t: Turn) -> None:
    """Take a member's second JOIN, as by the same link, for START or MENU: it is no answer here."""
    event, group = t.event, t.group
    if t.member and group and event.kind == "words" and wanted(event, t.was) in (group.code, group.number):
        t.event = replace(event, text="START" if t.member.state == "stopped" else "MENU")


def at_the_door(t: Turn) -> bool:
    """A stranger who writes: on to joining, or one friendly word a day. True where a flow takes the event."""
    word = anywhere.opting(t)
    if word == "stop":
        t.frames.clear()
        if anywhere.confirms(t):
            t.tell("stopped")
        return False
    if word == "help" and t.event.kind == "optout":
        return False  # the carrier has answered it
    t.frames[:] = [frame for frame in t.frames if frame.flow in {"join", "door"}]
    asks_in = wanted(t.event, t.was)
    greeted = t.was.at is not None and t.now - t.was.at < FRIENDLY
    fresh = not greeted or word == "start"
    if t.group and (asks_in or (not t.frames and _begins(t, greeted=greeted, fresh=fresh))):
        t.frames.clear()
        open_frame(t, "join")
        run(t)
    elif t.frames and t.group:
        return True
    elif asks_in:
        t.tell("door.no such group")
    elif command(t.event.text) == "HELP" and t.event.kind == "words":
        t.tell("help.stranger")
    elif fresh:
        code = t.group.code if t.group else ""
        t.tell("door.alone" if code else "door.hello", outside=NAMES["outside"](t), code=code)
    else:
        t.at = t.was.at
    return False


def _begins(t: Turn, *, greeted: bool, fresh: bool) -> bool:
    """Whether somebody who named no group is asked to join the only one.

    By text a wrong number or a machine may write, so they are told how and hear no more that day.
    """
    if t.event.can.buttons or t.event.can.call:
        return fresh
    said = t.event.text.strip()[:40] if t.event.kind in ("words", "optout") else ""
    return bool(BARE_JOIN.fullmatch(said) or (greeted and AGREES.fullmatch(said)))
