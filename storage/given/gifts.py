"""What members give: kept, corrected, narrowed and taken back, as a turn asks for it."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows import effects as ef
from flows.state import Answer
from storage.given import rewriting, unnaming
from storage.given.unnaming import day_of
from storage.turning.stage import Stage


def _keep(s: Stage, effect: ef.Keep) -> None:
    if s.group is None:
        raise LookupError("something was to be kept for a group that is not known")
    practice = bool(s.person and s.person.practice) or bool(s.line and s.line.kind == "practice")
    if effect.unnamed:
        s.secret = True
        s.ledger.deeds.append(lambda conn: unnaming.unname(conn, effect.id, s.me))
    s.ledger.gifts[effect.id] = {
        "id": effect.id,
        "group_id": s.group.id,
        "flow": effect.flow,
        "meeting_id": effect.meeting or None,
        "poll_id": effect.poll or None,
        "channel": None if effect.unnamed else s.channel,
        "at": day_of(s.now, s.group.zone) if effect.unnamed else s.now,
        "text": effect.text,
        "answers": _answers(effect),
        "audience": _audience(s, effect),
        "unnamed": effect.unnamed,
        "shown_name": s.person.member.name if s.person and not effect.unnamed else "",
        "practice": practice,
    }
    if s.me:
        s.ledger.givers[effect.id] = s.me
    for key in [key for key in s.ledger.files if key[0] == effect.id]:
        del s.ledger.files[key]  # kept before in this batch
    for position, (name, file) in enumerate(_files(effect)):
        row = {"contribution_id": effect.id, "media_id": file, "position": position, "answer": name}
        s.ledger.files[effect.id, file] = row
    s.gifts.add(effect.id)
    if effect.audience != "facilitators":
        s.ledger.groups.add(s.group.id)


def _audience(s: Stage, effect: ef.Keep) -> str:
    """Whom it is for; nothing goes to people outside before they have agreed to that."""
    agreed = s.person is not None and "outside" in s.person.member.agreed
    return "group" if effect.audience == "outside" and not agreed else effect.audience


def _answers(effect: ef.Keep) -> dict[str, Any]:
    """By name; what was asked again and again is a list of such."""
    plain = {name: rewriting.stored(answer) for name, answer in effect.answers.items()}
    listed = {
        name: [{key: rewriting.stored(answer) for key, answer in one.items()} for one in items]
        for name, items in effect.lists.items()
    }
    return {**plain, **listed}


def _files(effect: ef.Keep) -> list[tuple[str, str]]:
    """Every file once, with the name of the answer that it is in, in order."""
    parts: list[Mapping[str, Answer]] = [
        effect.answers,
        *(one for items in effect.lists.values() for one in items),
    ]
    found: dict[str, str] = {}
    for part in parts:
        for name, answer in part.items():
            for file in answer.media:
                found.setdefault(file, name)
    return [(name, file) for file, name in found.items()]


def _amend(s: Stage, effect: ef.Amend) -> None:
    s.gifts.add(effect.id)
    s.ledger.deeds.append(lambda conn: rewriting.amend(conn, effect, s.me))
    _read_anew(s)


def _narrow(s: Stage, effect: ef.Narrow) -> None:
    s.ledger.deeds.append(lambda conn: rewriting.narrow(conn, effect.id, s.me))
    _read_anew(s)


def _unname(s: Stage, effect: ef.Unname) -> None:
    s.secret = True
    s.ledger.deeds.append(lambda conn: unnaming.unname(conn, effect.id, s.me))
    _read_anew(s)


def _take_back(s: Stage, effect: ef.TakeBack) -> None:

    async def write(conn: AsyncConnection) -> None:
        s.ledger.gone += await rewriting.take_back(conn, effect.id, s.me, s.now)

    s.ledger.deeds.append(write)
    _read_anew(s)


def _read_anew(s: Stage) -> None:
    if s.group:
        s.ledger.groups.add(s.group.id)


DEEDS: Mapping[type, Callable[[Stage, Any], None]] = {
    ef.Keep: _keep,
    ef.Amend: _amend,
    ef.Narrow: _narrow,
    ef.Unname: _unname,
    ef.TakeBack: _take_back,
}
