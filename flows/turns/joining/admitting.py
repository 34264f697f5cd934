"""What opens a group to a stranger: its code, an invitation, a person; and the deed of joining."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from flows.effects import Join
from flows.state import NOT_INVITED, Answer, Group, Invited, Knock, Member
from flows.turns.joining.consenting import JOINING, agrees
from flows.turns.turning import Turn
from flows.values import replace

INVITATION = re.compile(r"^\d{8}$")  # as on a telephone, since a landline is enough
LATELY = timedelta(hours=1)
NAME = 60  # letters of what somebody is called


def opens(t: Turn, code: str) -> bool:
    """Whether this code opens a group to them; where it does not, that is said.

    A group by invitation is not known by its own code or number: who guesses learns nothing.
    """
    if t.group is None or INVITATION.match(code):
        found: Knock = t.look("door", code)
        if not found.opens:
            t.tell("door.too many" if found.too_many else "door.no such group")
            return False
        t.invited = found.invited
    elif _came_before(t) and t.look("shut out"):
        t.tell("door.too many")
        return False
    return True


def _came_before(t: Turn) -> bool:
    """Whether something came from there lately: only then can there have been wrong codes among it."""
    return t.was.at is not None and t.now - t.was.at < LATELY


def way_in(t: Turn) -> bool:
    """Whether a stranger may ask to join the group at hand without naming a code first."""
    return bool(t.group and (t.group.rules.door != "invitation" or t.invited.id))


def knock(t: Turn, _: str) -> None:
    """Try the number that was keyed on a call; after too many the call ends kindly."""
    keyed = re.sub(r"\D", "", t.event.value or t.event.text)
    if not opens(t, keyed) and t.look("door", keyed).too_many:
        t.frames.clear()
        t.speak(ends=True)


def take_their_name(t: Turn, _: str) -> None:
    """They are called what the invitation says."""
    frame = t.frames[-1]
    t.put_frame(replace(frame, answers={**frame.answers, "name": Answer(text=t.invited.name)}))


def join(t: Turn, _: str) -> None:
    """Make the stranger a member; from here on they are spoken to as one."""
    group = t.group
    if group is None or t.member is not None:
        return
    admitted = t.look("admit", t.invited.id)
    if admitted == "used":
        t.invited = NOT_INVITED
        return
    asks_in = admitted == "ask" or (group.rules.door != "open" and not t.invited.id)
    t.member = _made(t, group, asks_in=asks_in)
    t.invited = Invited()
    if not asks_in:
        _count_pending(t, group)


def _made(t: Turn, group: Group, *, asks_in: bool) -> Member:
    answer, said = t.answer("name") or Answer(), agrees(t, JOINING)
    name, number = answer.text[:NAME].strip(), group.spare_number
    recording = answer.media[0] if answer.media else ""
    t.do(Join(name=name, number=number, agrees=said, recording=recording, asks_in=asks_in))
    return Member(
        id="",
        name=name,
        number=number,
        state="waiting" if asks_in else "active",
        language=said.language,
        agreed={JOINING: said.wording},
    )


def _count_pending(t: Turn, group: Group) -> None:
    """The vote that they pressed before they joined counts now."""
    poll_id, option = t.pending
    poll = group.poll(poll_id)
    if poll and not poll.closed:
        label = next((one.label for one in poll.options if one.key == option), option)
        t.vote(poll.id, (option,))
        t.pending = "", ""
        t.tell("vote.counted", choice=label, question=poll.question, closes=poll.closes)


FACTS: Mapping[str, Callable[[Turn], str]] = {
    "by invitation": lambda t: "yes" if t.group and t.group.rules.door == "invitation" else "no",
    "way in": lambda t: "yes" if way_in(t) else "no",
    "invited by name": lambda t: "yes" if t.invited.name else "no",
}
DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    "knock": knock,
    "take their name": take_their_name,
    "join": join,
}
