"""Strangers at the door: which group they ask for."""

import re

from flows.events import Event
from flows.state import Conversation

JOIN = re.compile(r"^\W*join\s+([a-z0-9]{3,20})\W*$", re.IGNORECASE)
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
