"""What must be so after a service was killed many times. Each says what is wrong: ids, never words."""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from channels.telegram import TelegramChannel
from storage.database import Database
from storage.running import undelivered
from storage.sending.checks import DIED_OFTEN
from storage.sending.outbox import unpacked
from storage.tables import (
    ballots,
    contributions,
    events,
    lines,
    media,
    members,
    options,
    outbox,
    sendings,
)
from tests.crash import Killer, Mark, Town
from tests.scenes import house

DONE = ("sent", "delivered")
LATE = 2.0  # seconds; what was on its way when a process died may arrive a little later
CHANNEL = TelegramChannel(words=house(), token=SecretStr("0:none"), secret=SecretStr("none"))


class Reckoning:
    """The store after the storm. `crowd`: members who are written to and whom nothing reaches."""

    def __init__(self, db: Database, town: Town, killer: Killer, crowd: Collection[str]) -> None:
        self._db, self._town, self._killer = db, town, killer
        self._crowd = set(crowd)

    async def faults(self) -> list[str]:
        """Everything that is wrong."""
        return [
            *await self.stored_once(),
            *await self.kept_once(),
            *await self.counted_once(),
            *await self.enqueued_once(),
            *await self.sent(),
        ]

    async def unfinished(self) -> int:
        """How much is still on its way."""
        o = outbox.c
        waiting = sa.select(sa.func.count()).where(
            o.state.in_(("waiting", "sending")), o.member_id.not_in(self._crowd) | o.member_id.is_(None)
        )
        due = sa.select(sa.func.count()).where(sendings.c.state == "waiting")
        files = sa.select(sa.func.count()).where(media.c.state == "waiting")
        async with self._db.read() as conn:
            return sum([int(await conn.scalar(one) or 0) for one in (waiting, due, files)])

    async def try_again(self) -> None:
        """What was given up since each process died of it, or seemed to: the operator tries it again."""
        o = outbox.c
        for (id_,) in await self._rows(sa.select(o.id).where(o.state == "dead", o.sentence == DIED_OFTEN)):
            async with self._db.write() as conn:
                await undelivered.retry(conn, id_, now=datetime.now(UTC))

    async def stored_once(self) -> list[str]:
        """Every message that a provider took, and every answered step of a call; and nothing else."""
        town, e = self._town, events.c
        rows = await self._rows(sa.select(e.channel, e.guard).where(e.kind != "hangup"))
        stored = Counter[Mark]((channel, bytes(guard)) for channel, guard in rows)
        asked = {
            town.mark("voice", f"{call}:{step}", town.twilio.caller[call]): answered
            for (call, step), answered in town.twilio.asked.items()
        }
        wanted = town.taken | {mark for mark, answered in asked.items() if answered}
        return [
            *(f"not stored: {channel} {guard.hex()[:8]}" for channel, guard in wanted - stored.keys()),
            *(f"stored unasked: {channel}" for channel, _ in stored.keys() - town.taken - asked.keys()),
            *(f"stored {count} times: {channel}" for (channel, _), count in stored.items() if count > 1),
        ]

    async def kept_once(self) -> list[str]:
        """Every thought is one contribution, and every recording one file."""
        kept = Counter(words for (words,) in await self._rows(sa.select(contributions.c.text)))
        files = Counter(sha for (sha,) in await self._rows(sa.select(media.c.sha256)))
        spoken = [hashlib.sha256(one).hexdigest() for one in self._town.recorded]
        return [
            *(f"a thought kept {kept[one]} times" for one in self._town.thoughts if kept[one] != 1),
            *(f"a recording kept {files[one]} times" for one in spoken if files[one] != 1),
        ]

    async def counted_once(self) -> list[str]:
        """Every ballot, as it was cast."""
        b, n = ballots.c, options.c
        found = await self._rows(
            sa.select(b.poll_id, members.c.name, b.choices).join(members, members.c.id == b.member_id)
        )
        labels = {
            (poll, key): label for poll, key, label in await self._rows(sa.select(n.poll_id, n.key, n.label))
        }
        cast = [(poll, name, [labels[poll, key] for key in choices]) for poll, name, choices in found]
        votes = {(poll, name): chosen for poll, name, chosen in cast}
        wrong = [
            poll for (poll, name), choice in self._town.votes.items() if votes.get((poll, name)) != [choice]
        ]
        return [f"a vote in {poll} is not as it was cast" for poll in wrong]

    async def enqueued_once(self) -> list[str]:
        """Every poll, brief and result, once for each member whom it is for."""
        o, m = outbox.c, members.c
        people = {id_ for (id_,) in await self._rows(sa.select(m.id).where(m.group_id == self._town.voting))}
        wanted = [("brief", one) for one in self._town.briefs]
        wanted += [(kind, one) for kind in ("poll", "result") for one in self._town.polls]
        rows = await self._rows(sa.select(o.kind, o.subject_id, o.member_id).where(o.kind != "say"))
        found = Counter((kind, subject, member) for kind, subject, member in rows)
        return [
            f"{kind} {subject} is {count} times in the outbox of a member"
            for kind, subject in wanted
            for member in people
            if (count := found[kind, subject, member]) != 1
        ]

    async def sent(self) -> list[str]:
        """Every message went, and every extra one by a kill while it was being sent."""
        o = outbox.c
        rows = await self._rows(
            sa.select(
                o.id,
                o.channel,
                o.kind,
                o.state,
                o.body,
                o.outcome,
                o.provider_id,
                o.member_id,
                lines.c.address,
            )
            .join(lines, lines.c.id == o.line_id)
            .order_by(o.id)
        )
        # Who voted on the phone before the question came by text does not need it any more.
        spare = [row.id for row in rows if (row.kind, row.state) == ("poll", "dropped")]
        mine = [row for row in rows if row.member_id not in self._crowd and row.id not in spare]
        stuck = [f"{row.id} is {row.state}" for row in mine if row.state not in DONE]
        chats: dict[str, Counter[str]] = {}
        for row in mine:
            if row.channel == "telegram":
                chat = self._town.secrets.open(row.address)
                chats.setdefault(chat, Counter()).update(_parcels(row.body, chat))
        wrong = [one for chat, wanted in chats.items() for one in self._amiss(chat, wanted)]
        return [*stuck, *self._texts([row for row in mine if row.channel == "sms"], spare), *wrong]

    def _texts(self, rows: Sequence[Any], spare: Collection[str]) -> list[str]:
        """Each message is one text of Twilio's, which can be asked and so has none too many. One that is
        spare may have gone before it was.

        Of two with the same words for one number, either may be taken for the other.
        """
        sids = {row.provider_id for row in rows}
        sent = {text.sid: text for text in self._town.twilio.texts if text.direction == "outbound-api"}
        never = [f"never sent: {row.id}" for row in rows if row.provider_id not in sent]
        twins = [f"{len(rows) - len(sids)} messages are one text with another"] * (len(rows) > len(sids))
        others = [text.status_callback.partition("o=")[2] for sid, text in sent.items() if sid not in sids]
        return [*never, *twins, *(f"one too many: {one}" for one in others if one not in spare)]

    def _amiss(self, log: str, wanted: Counter[str]) -> list[str]:
        """What never went, and what went more often than kills in between can account for."""
        told = self._killer.log.get(log, [])
        went = Counter(what for what, _ in told)
        never = [f"never sent in {log}" for one, count in wanted.items() if went[one] < count]
        wrong = []
        for one, count in (went - wanted).items():
            times = [at for what, at in told if what == one]
            if count > sum(times[0] - LATE < kill < times[-1] for kill in self._killer.kills):
                wrong.append(f"sent {count} times too often in {log}")
        return [*never, *wrong]

    async def _rows(self, query: sa.Select[*tuple[Any, ...]]) -> Sequence[Any]:
        async with self._db.read() as conn:
            return (await conn.execute(query)).all()


def _parcels(body: str, chat: str) -> list[str]:
    """The words of a message as Telegram gets them."""
    encoded = CHANNEL.encode(unpacked(body).say, chat)
    return [one.params.get("text") or one.params.get("caption", "") for one in encoded]
