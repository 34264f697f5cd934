"""Reads back to members what others entered for them: in their own next turn, on a line of their own."""

from flows.effects import ReadBack
from flows.state import Done, Entry
from flows.turns.turning import Turn
from flows.values import replace

SHORT = 300  # letters of what is read back; all of it stands in what they gave


def read_back(t: Turn) -> None:
    """Say who entered what, so that the member can take it back; nothing to a phone that others use."""
    member = t.member
    if member is None or not member.read_back or member.way.shared or not member.way.proved:
        return
    entries: tuple[Entry, ...] = t.look("entries")
    for entry in entries:
        if entry.poll:
            _vote(t, entry)
        else:
            _words(t, entry)
    t.do(ReadBack(ids=tuple(entry.id for entry in entries)))
    t.member = replace(member, read_back=False)  # what they sent before they agreed is taken up in this turn
    if not t.on_call:
        t.speak()


def _words(t: Turn, entry: Entry) -> None:
    words = entry.words if len(entry.words) <= SHORT else f"{entry.words[:SHORT].rstrip()} …"
    t.push_done(Done(kind="gift", id=entry.gift, label=t.phrase("entered.undo", by=entry.by)))
    if words:
        t.tell("entered.words", by=entry.by, words=words)
    else:
        t.tell("entered.files", by=entry.by)


def _vote(t: Turn, entry: Entry) -> None:
    poll = t.group.poll(entry.poll) if t.group else None
    if entry.late or poll is None or poll.closed:
        t.tell(f"entered.vote {'late' if entry.late else 'counted'}", by=entry.by, question=entry.question)
        return
    keys = t.votes.get(entry.poll)
    if not keys:  # they took it back themselves
        return
    choice = ", ".join(option.label for option in poll.options if option.key in keys)
    t.push_done(Done(kind="ballot", id=poll.id, label=t.phrase("undo.ballot", question=poll.question)))
    t.tell("entered.vote", by=entry.by, choice=choice, question=poll.question)
