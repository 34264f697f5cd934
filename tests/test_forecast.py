"""What is said of a sending before it goes is what comes of it; and trying it on oneself first."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot.sending.forecast import Forecast, Service, forecast, of, try_on_me
from channels.sms import SmsChannel
from channels.twilio import Account
from flows import readable
from flows.events import Option, Question, Say
from storage.members.groups import Complaint, settle
from storage.sending import checks, forecasting, spending
from storage.sending import outbox as box
from storage.sending.sendings import RING, Recipient
from storage.sessions import meetings
from storage.sessions.meetings import NewBrief
from storage.tables import conversations, lines, outbox, reached, reaches, unwanted
from storage.turning.states import unpacked
from tests.gatherings import NOW, Gathering
from tests.scenes import house, shipped
from tests.stores import ON_SQLITE

SOON = NOW + timedelta(days=3)
LONG = "The buses may change. " * 12  # two parts, and under two minutes


def app(garden: Gathering, *on: str) -> Service:
    sms = SmsChannel(
        words=house(), account=Account(sid="AC1", token=SecretStr("t"), api_url=""), number="+15005550006"
    )
    whole = SimpleNamespace(fit=lambda say: (say, ""))
    encoders = {"sms": sms, "telegram": whole, "voice": whole}
    senders = SimpleNamespace(
        sms=sms, encoders=encoders, on=dict.fromkeys(on or ("telegram", "sms", "voice"))
    )
    return cast(
        Service,
        SimpleNamespace(
            senders=senders,
            settings=SimpleNamespace(sms_optout="twilio"),
            flows=shipped(),
            ids=garden.ids,
            clock=lambda: garden.now,
        ),
    )


def words(one: Recipient) -> Say:
    return Say(text=LONG)


async def foreseen(
    garden: Gathering, *on: str, kind: str = "brief", until: datetime = SOON, **more: Any
) -> Forecast:
    sending = of(garden.home.id, kind, at=garden.now, until=until)
    async with garden.db.read() as conn:
        return await forecast(app(garden, *on), conn, sending, words, **more)


async def test_it_says_how_many_by_which_ways_and_what_that_takes(garden: Gathering) -> None:
    for way in ("sms", "sms", "voice", "telegram"):
        await garden.join(way)
    await garden.join("sms", practice=True, name="Pat")
    found = await foreseen(garden)
    assert [(one.channel, one.people, one.units) for one in found.ways] == [
        ("sms", 2, 4),
        ("telegram", 1, 0),
        ("voice", 1, 1),
    ]
    assert (found.people, found.practice, found.missed, found.pence) == (4, 1, 0, None)
    async with garden.db.write() as conn:
        await settle(conn, garden.home.id, {"text-pence": "4", "minute-pence": "3"})
    assert (await foreseen(garden)).pence == 19


UNREACHED: list[tuple[tuple[str, ...], dict[str, Any], str]] = [
    (("sms",), {"state": "stopped"}, "They asked us to stop."),
    (("sms",), {"state": "paused"}, forecasting.PAUSED),
    (("sms",), {"never_first": True}, forecasting.NEVER_FIRST),
    (("voice",), {"never_ring": True}, forecasting.UNWANTED),
    ((), {}, forecasting.NO_LINE),
    (("telegram",), {}, forecasting.SWITCHED_OFF),
]


@ON_SQLITE
async def test_who_is_not_reached_is_named_with_the_reason(garden: Gathering) -> None:
    for n, (ways, facts, _) in enumerate(UNREACHED):
        await garden.join(*ways, name=f"M{n}", **facts)
    refusing, choosy = await garden.join("sms", name="Ros"), await garden.join("sms", name="Cho")
    async with garden.db.write() as conn:
        own = lines.c.id.in_(await _lines(garden, refusing))
        await conn.execute(lines.update().where(own).values(stopped_at=garden.now))
        row = {"member_id": choosy, "channel": "sms", "purpose": "brief"}
        await conn.execute(unwanted.insert().values(row))
    found = await foreseen(garden, "sms", "voice")
    names = {name: one.why for one in found.unreached for name in one.names}
    said = {f"M{n}": why for n, (_, _, why) in enumerate(UNREACHED)}
    assert names == said | {"Ros": forecasting.REFUSED, "Cho": forecasting.UNWANTED}
    assert found.people == 0


async def _lines(garden: Gathering, member: str) -> list[str]:
    async with garden.db.read() as conn:
        return list(await conn.scalars(sa.select(reaches.c.line_id).where(reaches.c.member_id == member)))


@ON_SQLITE
async def test_who_may_not_be_rung_is_said_to_have_no_phone_for_it(garden: Gathering) -> None:
    await garden.join("sms", name="Tex")
    sending = of(garden.home.id, "brief", at=garden.now, until=SOON, before=RING)
    async with garden.db.read() as conn:
        found = await forecast(app(garden), conn, sending, words)
    assert [(one.why, one.names) for one in found.unreached] == [(forecasting.NO_PHONE, ("Tex",))]


@ON_SQLITE
async def test_who_waits_is_counted_with_the_reason_and_until_when(garden: Gathering) -> None:
    await garden.join("sms", hours="18-20")
    await garden.join("sms")
    found = await foreseen(garden)
    evening = NOW.replace(hour=18)
    assert found.people == 2
    assert [(one.people, one.first, one.last) for one in found.held] == [(1, evening, evening)]


@ON_SQLITE
async def test_who_waits_for_their_hours_and_then_for_their_week_is_told_of_with_the_week(
    garden: Gathering,
) -> None:
    member = await garden.join("sms", a_week=1)
    (line,) = await _lines(garden, member)
    had: dict[str, Any] = {
        "id": "o",
        "line": line,
        "channel": "sms",
        "klass": "notice",
        "dedupe_key": "o",
        "kind": "poll",
    }
    async with garden.db.write() as conn:
        await box.add(conn, [box.Row(**had, say=Say(text="A vote"), member=member)], now=garden.now)
    await garden.change(outbox, outbox.c.id == "o", state="sent", sent_at=garden.now)
    garden.later(hours=14)  # it is midnight
    (held,) = (await foreseen(garden, until=SOON + timedelta(days=30))).held
    assert (held.why, held.first) == (checks.OVER_WEEK, NOW + timedelta(days=7))
    (late,) = (await foreseen(garden, until=garden.now + timedelta(hours=1))).unreached
    assert late.why == forecasting.LATE


@ON_SQLITE
async def test_what_is_beyond_the_days_limit_is_said(garden: Gathering) -> None:
    for _ in range(3):
        await garden.join("sms")
    async with garden.db.write() as conn:
        await spending.limit(conn, garden.home.id, segments=5, minutes=None, now=garden.now)
    (way,) = (await foreseen(garden)).ways
    assert (way.units, way.over) == (6, 1)


@ON_SQLITE
async def test_who_needs_a_version_that_is_not_there_is_named(garden: Gathering) -> None:
    await garden.join("sms", name="Bet", language="cy")
    await garden.join("sms", name="Ed", form="easy")
    await garden.join("sms")
    found = await foreseen(garden, versions={("en", "plain"), ("en", "easy")})
    assert [(one.version, one.names) for one in found.lacking] == [("Cymraeg", ("Bet",))]


async def test_what_is_foreseen_is_what_comes(garden: Gathering) -> None:
    ways: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("sms", "voice"), {"never_ring": True}),
        (("voice", "sms"), {}),
        (("telegram",), {"state": "stopped"}),
        ((), {"permission": "facilitator"}),
    ]
    for channels, facts in ways:
        await garden.join(*channels, **facts)
    found = await foreseen(garden)
    async with garden.db.write() as conn:
        made = await meetings.add_meeting(conn, garden.home, "Travel", SOON, ids=garden.ids, now=garden.now)
        new = NewBrief(
            meeting=await meetings.find_meeting(conn, made),
            title="T",
            texts={("en", "plain"): LONG},
            befores=["3d"],
        )
        await meetings.add_brief(conn, new, ids=garden.ids, now=garden.now)
    await garden.tick()
    chosen = sorted(channel for channel, _ in (await garden.sent("brief")).values())
    assert chosen == [one.channel for one in found.ways for _ in range(one.people)]
    assert await garden.count(reached, reached.c.state == "not reachable") == found.missed


@ON_SQLITE
async def test_a_trial_goes_to_oneself_alone_at_any_hour(garden: Gathering) -> None:
    await garden.join("sms")
    me = await garden.join("telegram", permission="facilitator")
    garden.later(hours=14)  # it is midnight
    async with garden.db.write() as conn:
        assert await try_on_me(app(garden), conn, me, words) == "telegram"
    ((member, (channel, body)),) = (await garden.sent("trial")).items()
    assert (member, channel) == (me, "telegram")
    assert body.say.text.startswith("This is a trial.") and body.say.text.endswith(LONG)
    assert await garden.count(outbox, outbox.c["class"] == "answer") == 1


@ON_SQLITE
async def test_a_long_trial_comes_in_parts_as_it_will_for_members(garden: Gathering) -> None:
    me = await garden.join("sms", permission="facilitator")
    async with garden.db.write() as conn:
        await try_on_me(app(garden), conn, me, lambda _: Say(text="One more sentence to read. " * 40))
        stored = await conn.scalar(sa.select(conversations.c.state).where(conversations.c.owner == me))
    ((_, body),) = (await garden.sent("trial")).values()
    assert body.say.text.endswith("Text MORE for the rest.") and readable.parts(body.say.text) <= 3
    assert unpacked(stored or "").rest.startswith("One more sentence to read.")


@ON_SQLITE
@pytest.mark.parametrize("channel", ["telegram", "voice"])
async def test_what_is_answered_to_a_trial_goes_nowhere(garden: Gathering, channel: str) -> None:
    me = await garden.join(channel, permission="facilitator")
    read = Option(key="read", label="I have read it")
    asked = Question(id="real", name="ballot", text="", takes=("choice",), options=(read,), poll="real")
    async with garden.db.write() as conn:
        await try_on_me(app(garden), conn, me, lambda _: Say(text="Words.", question=asked))
    ((_, body),) = (await garden.sent("trial")).values()
    if channel == "voice":
        assert body.say.question is None and body.say.spoken.endswith("For I have read it, press 1.")
    else:
        assert body.say.question and body.say.question.poll == "" and body.say.question.id != "real"


@ON_SQLITE
async def test_who_has_no_way_is_told_how_to_get_one(garden: Gathering) -> None:
    me = await garden.join(permission="facilitator")
    async with garden.db.write() as conn:
        with pytest.raises(Complaint, match="a code for a phone of yours"):
            await try_on_me(app(garden), conn, me, words)
