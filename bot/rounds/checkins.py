"""Asks members every so many weeks, by the way they like best, whether taking part still works for them."""

from dataclasses import dataclass
from datetime import datetime

from bot.rounds.teller import Teller
from flows.events import Question, Say
from flows.library import Flows
from flows.steps import AskStep
from storage.members import checkins
from storage.members.checkins import LASTS, Due

FLOW = "check in"


@dataclass(slots=True, kw_only=True)
class Checkins(Teller):
    """`round` asks those who are due."""

    async def round(self, now: datetime) -> None:
        """Ask everybody who is due, some at a time."""
        async with self.db.read() as conn:
            due = await checkins.due(conn, now)
        for one in due:
            await self._ask(one, now)
        if due:
            self.wake()

    async def _ask(self, one: Due, now: datetime) -> None:
        id_ = self.ids()
        say = question(self.flows, id_, one)
        async with self.db.write() as conn:
            told = await self.tell(
                conn,
                [one.member],
                say,
                kind="checkin",
                key=f"checkin:{id_}",
                now=now,
                subject=id_,
                expires_at=now + LASTS,
            )
            await checkins.noted(conn, id_, one.member, now, told=bool(told))


def question(flows: Flows, id_: str, one: Due) -> Say:
    """The first question of the flow, as it is asked out of the blue; its answer begins the flow."""
    ask = next(step for step in flows.current[FLOW].steps if isinstance(step, AskStep))
    form = one.language, one.form
    text = ask.text.written[form].text
    options = tuple(choice.shown[form] for choice in ask.choices)
    asked = Question(id=id_, name=FLOW, text=text, takes=ask.takes, options=options)
    return Say(text=text, question=asked, language=one.language)
