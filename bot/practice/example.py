"""An example group, so that a practice phone has somebody to talk to: only ever in an empty database."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.calendar import local
from storage.database import Database
from storage.ids import Ids
from storage.lines import addresses
from storage.members.groups import Home, add_group, find_group, list_groups
from storage.members.people import add_facilitator
from storage.secrets import Secrets
from storage.sessions.drafting import NewPoll
from storage.sessions.meetings import NewBrief, add_brief, add_meeting, find_meeting
from storage.sessions.polls import open_poll
from storage.tables import contributions, given, lines, members, reaches

CODE = "GARDEN"
RUNS_IT = "Sam"
SOON = timedelta(minutes=3)  # long enough to join on a practice phone and see the brief arrive

TITLE = "What the garden needs"
BRIEF = """\
## Why we meet

The council has some money for the garden behind the library. It wants to know from us how to spend it.

## What we know

- The path floods when it rains. Wheelchairs and prams cannot use it then.
- There is one bench, and it stands in full sun.
- Twelve people asked for beds that can be reached from a chair.

## What we ask you

Think of the last time you were there. What made it easy, and what made it hard? \
If you have not been, what would bring you?

## Who decides

We choose together at the session. The council will do the first two things on our list this year.
"""
EASY = """\
## The garden

The council has money for the garden.

We can say how to use it.

## Think about this

- What do you like in the garden?
- What is hard for you there?

Tell us before the session, or come and say it.
"""
GIFTS = (  # who, flow, what
    (
        "Ada",
        "thought",
        "I stay longer when there is somewhere to sit in the shade. My legs tell me when to go home.",
    ),
    ("Joe", "diary", "Came by on Tuesday. The path was under water again, so I turned round at the gate."),
    (
        "Mina",
        "idea",
        "Could we meet in the garden itself once? I find it easier to talk while I am doing something.",
    ),
)


async def fill(db: Database, *, secrets: Secrets, ids: Ids, now: datetime) -> Home | None:
    """Make the example group; None where there is a group already."""
    async with db.write() as conn:
        if await list_groups(conn):
            return None
        home = await _group(conn, ids, now)
        people = {name: await _member(conn, home, name, secrets, ids, now) for name, _, _ in GIFTS}
        for name, flow, text in GIFTS:
            await _gift(conn, home, name, people[name], flow, text, ids, now)
        await open_poll(conn, _poll(home), ids=ids, now=now)
        await _brief(conn, home, ids, now)
        return home


def _poll(home: Home) -> NewPoll:
    return NewPoll(
        group=home.id,
        question="What should the garden get first?",
        options=("A path that stays dry", "A bench in the shade", "Beds to reach from a chair"),
        changes="what the council does first",
        decides="all of us, by this vote",
    )


async def there(conn: AsyncConnection) -> Home | None:
    """The example group, where it was made before."""
    return next((one for one in await list_groups(conn) if one.practice and one.code == CODE), None)


async def _group(conn: AsyncConnection, ids: Ids, now: datetime) -> Home:
    # At any hour: whoever tries it at night should see it work.
    home = await add_group(
        conn, id=ids(), code=CODE, name="The Garden Group", hours="0-24", now=now, practice=True
    )
    await add_facilitator(conn, id=ids(), group=home.id, name=RUNS_IT, now=now)
    return await find_group(conn, home.id)


async def _member(
    conn: AsyncConnection, home: Home, name: str, secrets: Secrets, ids: Ids, now: datetime
) -> str:
    """Somebody made up, with a practice phone that nobody holds."""
    member, line = ids(), ids()
    row = {"id": member, "group_id": home.id, "name": name, "practice": True, "joined_at": now}
    await conn.execute(sa.insert(members).values(row))
    address = f"{addresses.PRACTICE}example-{name.lower()}"
    await conn.execute(
        sa.insert(lines).values(addresses.row(secrets, id=line, channel="sms", address=address, now=now))
    )
    await conn.execute(sa.insert(reaches).values(id=ids(), member_id=member, line_id=line, channel="sms"))
    return member


async def _gift(
    conn: AsyncConnection, home: Home, name: str, member: str, flow: str, text: str, ids: Ids, now: datetime
) -> None:
    gift = ids()
    row = {"id": gift, "group_id": home.id, "flow": flow, "channel": "sms", "at": now, "text": text}
    seen = {"audience": "group", "shown_name": name, "practice": True}
    await conn.execute(sa.insert(contributions).values(row | seen))
    await conn.execute(sa.insert(given).values(contribution_id=gift, member_id=member))


async def _brief(conn: AsyncConnection, home: Home, ids: Ids, now: datetime) -> None:
    day = local("+5d", home.zone, now).date().isoformat()
    starts = local(f"{day} 14:00", home.zone, now)
    meeting = await add_meeting(conn, home, "Our garden session", starts, ids=ids, now=now)
    ahead = (starts - now - SOON) // timedelta(minutes=1)
    new = NewBrief(
        meeting=await find_meeting(conn, meeting),
        title=TITLE,
        texts={("en", "plain"): BRIEF, ("en", "easy"): EASY},
        befores=(f"{ahead}m", "1d"),
    )
    await add_brief(conn, new, ids=ids, now=now)
