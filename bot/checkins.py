"""Asks members every so many weeks, by the way they like best, whether taking part still works for them."""

from collections.abc import Callable, Collection
from datetime import datetime

from flows.events import Question, Say
from flows.library import Flows
from flows.steps import AskStep
from storage.database import Database
from storage.members import checkins
from storage.members.checkins import LASTS, Due
from storage.sending.telling import tell

FLOW = "check in"


class Checkins:
    """`round` asks those who are due. `channels` are those that are on."""

    def __init__(
        self,
        *,
        db: Database,
        flows: Flows,
        ids: Callable[[], str],
        channels: Collection[str],
        wake: Callable[[], None],
    ) -> None:
        self._db = db
        self._flows = flows
        self._ids = ids
        self._channels = channels
        self._wake = wake

    async def round(self, now: datetime) -> None:
        """Ask everybody who is due, some at a time."""
        async with self._db.read() as conn:
            due = await checkins.due(conn, now)
        for one in due:
            await self._ask(one, now)
        if due:
            self._wake()

    async def _ask(self, one: Due, now: datetime) -> None:
        id_ = self._ids()
        say = question(self._flows, id_, one)
        async with self._db.write() as conn:
            told = await tell(
                conn,
                [one.member],
                say,
                kind="checkin",
                key=f"checkin:{id_}",
                ids=self._ids,
                channels=self._channels,
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
