"""Somebody may be in danger: the right person is told, by a way that works, until somebody looks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from telegram.error import Forbidden

from bot.rounds.alerting import Alerting
from channels.base import Delivery, Result
from channels.telegram_faults import outcome
from storage.care import alerts, matters, tending
from storage.care.alerts import Found
from storage.care.safety import Contact, Way
from storage.care.summoning import Told, plan
from storage.database import Database
from storage.erasure import auditing
from storage.lines.addresses import row as line_row
from storage.members.groups import Complaint
from storage.members.people import find_member
from storage.secrets import Secrets
from storage.sending import receipts
from storage.tables import alerts as raised
from storage.tables import groups, lines, members, reaches, safe_contacts
from tests.office import Office
from tests.scenes import shipped

NIGHT = datetime(2026, 3, 3, 3, tzinfo=UTC)
WORDS = "I want to die"
REFUSED = Result(outcome="refused", sentence="They can't be reached.")


class Guarded(Office):
    """An office whose group alerts somebody. `watch` takes every step that is due."""

    def alerting(self) -> Alerting:
        channels = list(self.channels)
        return Alerting(
            db=self.db,
            flows=shipped(),
            ids=self.ids,
            channels=channels,
            clock=lambda: self.now,
            told=lambda: None,
            pages="https://takepart.example.org/console",
        )

    async def contact(self, name: str, *channels: str, any_hour: bool = True, rank: int = 1) -> None:
        """A facilitator with these ways; the ways' ids are `name-channel`."""
        await self.member(name, channels[0], permission="facilitator")
        row = {"group_id": "g", "member_id": name, "rank": rank, "any_hour": any_hour}
        async with self.db.write() as conn:
            await conn.execute(safe_contacts.insert().values(**row))
        for place, channel in enumerate(channels[1:], 1):
            await self.way(name, channel, place)

    async def way(self, name: str, channel: str, rank: int) -> None:
        id_ = f"{name}-{channel}"
        where = line_row(self.secrets, id=id_, channel=channel, address=id_, now=self.now)
        async with self.db.write() as conn:
            await conn.execute(lines.insert().values(**where))
            await conn.execute(
                reaches.insert().values(id=id_, member_id=name, line_id=id_, channel=channel, rank=rank)
            )

    async def flag(self, words: str = WORDS, member: str = "mary") -> str:
        async with self.db.write() as conn:
            return await alerts.raise_alert(
                conn, "g", Found(words=words, member=member), ids=self.ids, now=self.now
            )

    async def watch(self, **later: int) -> list[str]:
        """Let time go by, take the steps that are due, and send; to whom it went."""
        self.now += timedelta(**later)
        before = {name: len(channel.sent) for name, channel in self.channels.items()}
        await self.alerting().once()
        await self.send()
        return [to for name, channel in self.channels.items() for to, _ in channel.sent[before[name] :]]

    async def steps(self, alert: str) -> list[tuple[str, str]]:
        async with self.db.write() as conn:
            found = await alerts.find(conn, alert)
            by = await find_member(conn, "sam", self.secrets)
            shown = await tending.show(conn, found, by, ids=self.ids, now=self.now)
        return [(one.what, one.name) for one in shown.steps]


@pytest.fixture
async def office(db: Database, secrets: Secrets) -> Guarded:
    made = Guarded(db, secrets)
    made.now = NIGHT
    await made.group()
    await made.member("mary")
    return made


async def test_an_alert_goes_out_at_night_without_words_and_name(office: Guarded) -> None:
    await office.contact("sam", "sms")
    await office.flag()
    assert await office.watch() == ["sam"]
    said = office.sms.sent[-1][1]
    assert "may need you now. Reply SEEN" in said
    assert WORDS not in said
    assert "mary" not in said.casefold()


async def test_each_contact_is_told_once_until_somebody_has_seen_it(office: Guarded) -> None:
    await office.contact("sam", "sms")
    await office.contact("bo", "sms", rank=2)
    alert = await office.flag()
    assert await office.watch() == ["sam"]
    assert await office.watch(minutes=29) == []
    assert await office.watch(minutes=2) == ["bo"]
    async with office.db.write() as conn:
        assert await alerts.see(conn, alert, "bo", ids=office.ids, now=office.now)
        assert not await alerts.see(conn, alert, "sam", ids=office.ids, now=office.now)
    assert await office.watch(hours=5) == []
    assert await office.steps(alert) == [("told", "sam"), ("told", "bo"), ("seen", "bo")]


async def test_another_way_is_tried_when_one_fails_and_then_another_person(office: Guarded) -> None:
    await office.contact("sam", "sms", "telegram")
    await office.contact("bo", "sms", rank=2)
    office.sms.fails["sam"] = [REFUSED]
    office.channels["telegram"].fails["sam-telegram"] = [REFUSED]
    alert = await office.flag()
    assert await office.watch() == []
    assert await office.watch(seconds=15) == []
    assert await office.watch(seconds=15) == ["bo"]
    assert ("not reached", "sam") in await office.steps(alert)


async def test_who_blocked_the_bot_is_alerted_by_text(office: Guarded) -> None:
    await office.contact("sam", "telegram", "sms")
    blocked = outcome(Forbidden("Forbidden: bot was blocked by the user"))
    office.channels["telegram"].fails["sam"] = [blocked]
    await office.flag()
    assert await office.watch() == []
    assert await office.watch(seconds=15) == ["sam-sms"]


async def test_what_does_not_leave_is_tried_by_another_way(office: Guarded) -> None:
    await office.contact("sam", "sms", "telegram")
    office.sms.fails["sam"] = [Result(outcome="ours", sentence="There is no credit left.")] * 9
    await office.flag()
    assert await office.watch() == []
    assert await office.watch(minutes=3) == ["sam-telegram"]


async def test_a_call_that_nobody_takes_is_followed_by_another_way(office: Guarded) -> None:
    await office.contact("sam", "voice", "sms")
    await office.flag()
    assert await office.watch() == ["sam"]
    async with office.db.write() as conn:
        rung = await conn.scalar(sa.text("SELECT id FROM outbox WHERE channel = 'voice'"))
        missed = Delivery(outbox=rung or "", provider_id="", state="no_answer", code="", sentence="")
        await receipts.receive(conn, missed, now=office.now, ids=office.ids)
    assert await office.watch(seconds=20) == ["sam-sms"]
    assert await office.watch(hours=20) == []  # and is not rung again the next day


async def test_whoever_did_not_agree_to_nights_is_told_in_the_morning_and_the_next_at_once(
    office: Guarded,
) -> None:
    await office.contact("sam", "sms", any_hour=False)
    await office.contact("bo", "sms", rank=2)
    await office.flag()
    assert await office.watch() == ["bo"]
    assert await office.watch(hours=6) == ["sam"]


async def test_whom_it_waits_for_in_the_morning_hears_nothing_of_what_is_seen_by_then(
    office: Guarded,
) -> None:
    await office.contact("sam", "sms", any_hour=False)
    await office.contact("bo", "sms", rank=2)
    alert = await office.flag()
    assert await office.watch() == ["bo"]
    async with office.db.write() as conn:
        await alerts.see(conn, alert, "bo", ids=office.ids, now=office.now)
    assert await office.watch(hours=6) == []


async def test_neither_a_pause_nor_the_limit_nor_an_answer_under_way_holds_an_alert(
    office: Guarded,
) -> None:
    await office.contact("sam", "sms")
    await office.change(members, "sam", state="paused")
    await office.change(groups, "g", daily_segments=1)
    await office.busy("sam")
    async with office.db.write() as conn:
        spent = "INSERT INTO spending VALUES ('g', '2026-03-03', 5, 0)"
        await conn.execute(sa.text(spent))
    await office.flag()
    assert await office.watch() == ["sam"]


async def test_an_alert_does_not_wait_behind_what_goes_to_many(office: Guarded) -> None:
    await office.contact("sam", "sms")
    office.now = NIGHT + timedelta(hours=9)
    for number in range(3):
        await office.member(f"m{number}")
        await office.write(f"m{number}", "Something to read.")
    await office.flag()
    assert (await office.watch())[0] == "sam"


async def test_what_one_person_sends_is_one_alert_until_it_is_seen(office: Guarded) -> None:
    await office.contact("sam", "sms")
    first = await office.flag()
    assert await office.flag("nobody feeds me") == first
    async with office.db.write() as conn:
        await alerts.see(conn, first, "sam", ids=office.ids, now=office.now)
    assert await office.flag() != first


async def test_when_everybody_was_told_in_vain_it_stands_on_the_list_until_it_is_seen(
    office: Guarded,
) -> None:
    await office.contact("sam", "sms")
    alert = await office.flag()
    await office.watch()
    await office.watch(minutes=31)
    async with office.db.write() as conn:
        [found] = await tending.list_alerts(conn, "g")
        [waits] = await matters.list_open(conn, "g")
        await alerts.see(conn, alert, "sam", ids=office.ids, now=office.now)
        assert await matters.list_open(conn, "g") == []
    assert found.nobody
    assert waits.words == f"Nobody has seen alert {found.number}: takepart safety show {found.number} --by ME"


async def test_what_comes_after_everybody_was_told_in_vain_is_told_anew(office: Guarded) -> None:
    await office.contact("sam", "sms")
    first = await office.flag()
    assert await office.watch() == ["sam"]
    await office.watch(minutes=31)
    assert await office.flag("nobody feeds me") != first
    assert await office.watch() == ["sam"]


async def test_a_death_between_flag_and_alert_loses_and_repeats_nothing(office: Guarded) -> None:
    await office.contact("sam", "sms")
    await office.flag()  # and here the process dies
    after, beside = office.alerting(), office.alerting()
    await after.once()
    await beside.once()
    assert await office.send() != []
    assert [to for to, _ in office.sms.sent] == ["sam"]


async def test_without_a_contact_those_who_run_the_group_are_told_in_their_hours(office: Guarded) -> None:
    await office.member("sam", permission="facilitator")
    await office.flag()
    assert await office.watch() == []
    assert await office.watch(hours=7) == ["sam"]


async def test_26_who_gave_it_is_told_only_for_a_reason_and_noted(office: Guarded) -> None:
    await office.contact("sam", "sms")
    alert = await office.flag()
    async with office.db.write() as conn:
        found, by = await tending.by_staff(conn, alert, "sam", office.secrets)
        asks: Any = {"ids": office.ids, "now": office.now}
        with pytest.raises(Complaint, match="Say why"):
            await tending.sender(conn, found, by, office.secrets, why=" ", **asks)
        sender = await tending.sender(conn, found, by, office.secrets, why="to ring her", **asks)
        trail = await auditing.trail(conn, "g", subject=alert)
    assert sender.member and sender.member.name == "mary"
    assert [(one.who, one.did, one.why) for one in trail if one.why] == [
        ("sam", "alert's sender looked up", "to ring her")
    ]


async def test_somebody_of_another_group_cannot_look(office: Guarded) -> None:
    await office.contact("sam", "sms")
    alert = await office.flag()
    row = {"id": "h", "code": "ROSE", "number": "4321", "name": "Rose", "created_at": office.now}
    async with office.db.write() as conn:
        await conn.execute(groups.insert().values(**row))
        await conn.execute(
            members.insert().values(id="eve", group_id="h", name="Eve", permission="facilitator")
        )
        with pytest.raises(Complaint, match="not one of this group's facilitators"):
            await tending.by_staff(conn, alert, "eve", office.secrets)


SAM = Contact(member="sam", name="Sam", any_hour=True, wakes_at=None, ways=(Way(line="1", channel="sms"),))


@pytest.mark.parametrize(
    ("told", "lost", "due", "whom", "nobody"),
    [
        ((), (), True, ["sam"], False),
        ((), ("sam",), True, ["sam"], False),
        ((Told(member="sam", way=SAM.ways[0], failed=False),), (), False, [], False),
        ((Told(member="sam", way=SAM.ways[0], failed=False),), (), True, [], True),
        ((Told(member="sam", way=SAM.ways[0], failed=True),), (), False, [], False),
    ],
)
def test_the_plan_tells_each_once_by_each_way(
    told: tuple[Told, ...], lost: tuple[str, ...], due: bool, whom: list[str], nobody: bool
) -> None:
    steps = plan([SAM], told, lost, due=due)
    assert [contact.member for contact, _ in steps.tell] == whom
    assert steps.nobody == nobody


async def test_an_alert_that_was_seen_is_found_by_its_number(office: Guarded) -> None:
    alert = await office.flag()
    async with office.db.write() as conn:
        number = await conn.scalar(sa.select(raised.c.number).where(raised.c.id == alert))
        found = await alerts.find(conn, number or "", group=["g"])
        assert found is not None
        assert found.id == alert
        assert await alerts.find(conn, number or "", group=["h"]) is None
