"""What years leave behind in a large group: votes, messages, meetings, and much that needs a person."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.ids import Ids
from storage.members.groups import find_group
from storage.sessions.drafting import NewPoll, keep
from storage.sessions.meetings import NewBrief, add_brief, add_meeting, find_meeting
from storage.tables import (
    alerts,
    audit,
    ballots,
    briefs,
    contribution_media,
    contributions,
    events,
    handover_words,
    handovers,
    lines,
    matters,
    media,
    meetings,
    members,
    needs,
    options,
    outbox,
    polls,
    problems,
    reached,
)

WEEK = timedelta(days=7)
VOTES, MESSAGES, LOST, WAITING = 200, 20_000, 1_000, 500
MEETINGS, MATTERS, HELPED, ALERTS, FAILED, TRAIL = 150, 300, 40, 20, 100, 20_000
JOURNEYS, RECORDINGS, NEEDS = 500, 2_000, 500
TOLD = {"moments": [{"happened": {"text": f"Moment {n}"}, "felt": {"keys": [str(n)]}} for n in range(1, 6)]}
NAMES = {  # an example of what stands in a page's address
    "alert": alerts,
    "gift": contributions,
    "handover": handovers,
    "matter": matters,
    "message": outbox,
    "problem": problems,
    "recording": media,
}

Row = dict[str, Any]


async def pass_by(db: Database, ids: Ids, now: datetime, share: float = 1) -> Mapping[str, str]:
    """Let years pass in the first group; an example for each name in addresses. `share`: of how much."""
    async with db.write() as conn:
        home = await find_group(conn, "GROUP0")
        people = list(await conn.scalars(sa.select(members.c.id).where(members.c.group_id == home.id)))
        years = _Years(home.id, people, ids, now, share)
        for table, rows in years.tables():
            await conn.execute(sa.insert(table), rows)
        found = await _ahead(conn, home.id, years)
        for name, table in NAMES.items():
            found[name] = str(await conn.scalar(sa.select(sa.func.max(table.c.id)))) or ""
        asked = sa.select(polls.c.id).where(polls.c.state == "open")
        found["poll"] = str(await conn.scalar(asked))
        needed = sa.select(needs.c.id).where(needs.c.member_id == people[1])
        found["need"] = str(await conn.scalar(needed))
    return found | {"member": people[1], "staff": people[0], "flow": "diary", "purpose": "join"}


async def _ahead(conn: AsyncConnection, group: str, years: "_Years") -> dict[str, str]:
    """The next meeting with its brief, which most have got, and drafts."""
    ids, now = years.ids, years.now
    home = await find_group(conn, group)
    meeting = await add_meeting(conn, home, "Tea in the garden", now + WEEK, ids=ids, now=now)
    new = NewBrief(
        meeting=await find_meeting(conn, meeting),
        title="The path",
        texts={("en", "plain"): "The path by the pond is to be made wider. " * 20},
        befores=("3d",),
    )
    brief, _ = await add_brief(conn, new, ids=ids, now=now)
    unsent, _ = await add_brief(conn, new, ids=ids, now=now)
    await conn.execute(sa.update(briefs).where(briefs.c.id == unsent).values(state="draft"))
    row = {"kind": "brief", "subject_id": brief, "channel": "telegram", "state": "delivered", "at": now}
    await conn.execute(sa.insert(reached), [{**row, "member_id": one} for one in years.people[: -len(TOLD)]])
    draft = await keep(conn, NewPoll(group=group, question="Where?", options=("A", "B")), ids=ids, now=now)
    journey = f"{ids()}"
    told = {"id": journey, "group_id": group, "flow": "journey", "at": now, "answers": TOLD}
    await conn.execute(sa.insert(contributions).values(told))
    return {"meeting": meeting, "brief": brief, "unsent": unsent, "draft": draft, "journey": journey}


class _Years:
    """The rows of some years, table by table, in the order in which they refer to each other."""

    def __init__(self, group: str, people: list[str], ids: Ids, now: datetime, share: float) -> None:
        self.people = people
        self.ids = ids
        self.now = now
        self._group = group
        self._share = share

    def tables(self) -> Iterator[tuple[sa.Table, list[Row]]]:
        yield from self._votes()
        yield from self._gifts()
        yield from self._messages()
        yield from self._care()
        yield from self._trouble()
        each = {"group_id": self._group, "who": self.people[0], "did": "read a hand-over"}
        yield audit, [{**each, **self._new(n)} for n in self._many(TRAIL)]

    def _many(self, number: int) -> range:
        return range(max(2, int(number * self._share)))

    def _new(self, n: int) -> Row:
        """An id, and a moment: one after the other into the past."""
        return {"id": self.ids(), "at": self.now - n * timedelta(hours=1)}

    def _whose(self, n: int) -> str:
        return self.people[n % len(self.people)]

    def _votes(self) -> Iterator[tuple[sa.Table, list[Row]]]:
        over = {"group_id": self._group, "state": "closed", "result": {"1": 100, "2": 100}}
        asked = []
        for n in self._many(VOTES):
            end = self.now - n * WEEK
            when = {"opened_at": end - WEEK, "closes_at": end, "closed_at": end}
            asked.append({"id": self.ids(), "question": f"Shall we go on? ({n})", **when, **over})
        yield polls, asked
        labels = (("1", "Yes, please"), ("2", "Not now"))
        yield (
            options,
            [
                {"poll_id": one["id"], "key": key, "label": label, "position": int(key)}
                for one in asked
                for key, label in labels
            ],
        )
        vote = {"choices": ["1"], "channel": "telegram", "at": self.now}
        yield (
            ballots,
            [{**vote, "poll_id": one["id"], "member_id": who} for one in asked for who in self.people[:200]],
        )

    def _gifts(self) -> Iterator[tuple[sa.Table, list[Row]]]:
        told = {"group_id": self._group, "flow": "journey", "channel": "sms", "answers": TOLD}
        yield contributions, [{**told, **self._new(n)} for n in self._many(JOURNEYS)]
        heard = [
            {"kind": "voice", "type": "audio/wav", "state": "stored", **self._new(n)}
            for n in self._many(RECORDINGS)
        ]
        said = {"group_id": self._group, "flow": "diary", "channel": "voice"}
        gifts = [{**said, **self._new(n)} for n in range(len(heard))]
        yield media, heard
        yield contributions, gifts
        yield (
            contribution_media,
            [
                {"contribution_id": gift["id"], "media_id": one["id"]}
                for gift, one in zip(gifts, heard, strict=True)
            ],
        )

    def _messages(self) -> Iterator[tuple[sa.Table, list[Row]]]:
        kinds = (("sent", MESSAGES), ("dead", LOST), ("waiting", WAITING))
        body = '{"say":{"text":"Hello"}}'
        line = {who: who for who in self.people[:100]}
        yield lines, [{"id": one, "kind": "practice", "address_hash": one.encode().ljust(32)} for one in line]
        for state, number in kinds:
            each = {"group_id": self._group, "channel": "telegram", "lane": "telegram", "class": "notice"}
            each |= {"state": state, "body": body, "sentence": "The chat is closed.", "kind": "brief"}
            rows = []
            for n in self._many(number):
                new = self._new(n)
                when = {"created_at": new["at"], "not_before": new["at"], "dedupe_key": new["id"]}
                who = {"id": new["id"], "line_id": self._whose(n % 100), "member_id": self._whose(n % 100)}
                rows.append({**each, **when, **who})
            yield outbox, rows

    def _care(self) -> Iterator[tuple[sa.Table, list[Row]]]:
        old = [{"title": f"Session {n}", **self._new(n * 168)} for n in self._many(MEETINGS)]
        yield meetings, [{**one, "group_id": self._group} for one in old]
        asks = {"group_id": self._group, "kind": "not understood", "words": "What is that?"}
        yield matters, [{**asks, "member_id": self._whose(n), **self._new(n)} for n in self._many(MATTERS)]
        yield (
            needs,
            [
                {"id": self.ids(), "member_id": self._whose(n), "kind": "large print", "asked_on": self.now}
                for n in self._many(NEEDS)
            ],
        )
        overs = [
            {
                "id": self.ids(),
                "member_id": self._whose(n),
                "mark": n,
                "opened_at": self.now,
                "heard_at": self.now,
            }
            for n in self._many(HELPED)
        ]
        yield handovers, overs
        yield (
            handover_words,
            [
                {
                    "handover_id": one["id"],
                    "member_id": one["member_id"],
                    "by": "member",
                    "text": "Hello",
                    **self._new(n),
                }
                for one in overs
                for n in range(20)
            ],
        )

    def _trouble(self) -> Iterator[tuple[sa.Table, list[Row]]]:
        danger = {"group_id": self._group, "number": "123"}
        yield alerts, [{**danger, "member_id": self._whose(n), **self._new(n)} for n in self._many(ALERTS)]
        came = [
            {"channel": "sms", "kind": "said", "member_id": self._whose(n), **self._new(n)}
            for n in self._many(FAILED)
        ]
        yield events, [{**one, "guard": one["id"].encode()} for one in came]
        yield (
            problems,
            [
                {"id": self.ids(), "event_id": one["id"], "error": "KeyError at a.py:1", "at": self.now}
                for one in came
            ],
        )
