"""The turns of one batch, one after another, on what the batch has read; what they write is gathered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.intake import places, recognised
from bot.intake.arriving import as_meant, unmark
from bot.intake.places import Place
from bot.sending import costs
from channels.voice import step_of
from flows import engine
from flows.engine import Outcome
from flows.events import Event, Question, Say
from flows.library import Flows
from flows.looks import Look, Missing
from flows.sentences import Sentences
from flows.state import Candidate, Conversation, Done, Group, Heard, Member
from flows.values import replace
from storage.door.joining import add_reach
from storage.lines import sharing
from storage.lines.rooms import find_room
from storage.secrets import Secrets
from storage.sending import outbox, receipts
from storage.turning import load, turns
from storage.turning.apply import apply
from storage.turning.load import Call, Known, Line, Reach
from storage.turning.looking import look_up
from storage.turning.stage import Stage
from storage.turning.states import Recent
from storage.turning.turns import Arrived, Ledger
from storage.turning.views import Views

POP_UP = 180
MOST_LOOKS = 9  # in one turn
LATELY = timedelta(minutes=1)  # as exactly as this it is kept when somebody was last heard
LENT = ""  # marks what a conversation had forgotten and knows for one turn only


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What came of one event. `answer` is TwiML for a call; all other words leave by the outbox.

    `voted` is the poll that a ballot was counted in. `sends`, `fetches` and `alarms` say whom to wake.
    """

    repeat: bool = False
    says: tuple[Say, ...] = ()
    answer: str = ""
    pop_up: str = ""
    stranger: bool = False
    voted: str = ""
    sends: bool = False
    fetches: bool = False
    alarms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What turns need beside the database.

    `fit` cuts a message for a channel; `answer` renders a step of a call as TwiML. `channels` are
    those that are on.
    """

    flows: Flows
    views: Views
    secrets: Secrets
    ids: Callable[[], str]
    fit: Callable[[str, Say], tuple[Say, str]]
    answer: Callable[[Sequence[Say], int], str]
    channels: Sequence[str] = ()
    states: Recent = field(default_factory=Recent)


@dataclass(slots=True, kw_only=True)
class Batch:
    tools: Tools
    conn: AsyncConnection
    known: Known
    ledger: Ledger
    now: datetime
    groups: dict[str, Group] = field(default_factory=dict)
    corrected: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    replayed: bool = False  # its events had an apology for an answer before

    async def prepare(self, arrived: Sequence[Arrived]) -> None:
        """Read for all of them at once what most of them need."""
        wanted = {person.group for person in self.known.people.values()}
        self.groups |= await self.tools.views.load(self.conn, wanted, self.now)
        edits = [unmark(one.event.of) for one in arrived if one.event.kind == "edit"]
        self.corrected = await turns.kept_answers(self.conn, [edit[1] for edit in edits if edit])
        for one in arrived:
            if one.event.can.call and one.event.session not in self.known.calls:
                self.known.calls[one.event.session] = Call(id=one.event.session)
        await self._rung([one.event for one in arrived if one.event.kind == "call" and one.event.question])

    async def step(self, arrived: Arrived, raw: Event) -> Turned:
        """One turn. `raw` still names the step of a call and the room."""
        room = await find_room(self.conn, self.tools.secrets, raw.room) if raw.room else None
        room_group = room.group if room else None
        arrived = as_meant(arrived, self.known)
        place = await places.find(self.conn, self.known, arrived, room_group=room_group, now=self.now)
        stage = self.stage(arrived, place, await self._group(place), self._talk(place, arrived))
        if raw.room and (place.person is None or room is None):
            return self._stranger_in_room(stage)
        there = recognised.candidates(place.candidates, place.line, self.groups)
        says = await self._take(stage, raw, self._member(stage), there)
        last = stage
        for event in recognised.follows(stage):
            last = await self._next(stage, event)
            says += await self._take(last, raw, self._member(last))
        return self.send(changed(last, arrived=arrived), raw, says)

    async def _take(
        self, stage: Stage, raw: Event, member: Member | None, there: Sequence[Candidate] = ()
    ) -> tuple[Say, ...]:
        """One turn and what it asks for; what it says, as it fits the channel."""
        outcome = await self._turn(stage, member, there)
        for effect in outcome.effects:
            apply(stage, effect)
        return self.close(stage, raw, outcome.conversation, outcome.says)

    async def _next(self, stage: Stage, event: Event) -> Stage:
        """The stage for what takes its turn once it is known who is there, or who is not."""
        arrived = changed(stage.arrived, event=event)
        marked = unmark(event.id)
        if marked and event.id != stage.arrived.event.id:
            id_ = await turns.stored(self.conn, *marked)
            arrived = changed(arrived, id=id_ or arrived.id, guard=marked[1])
        if stage.left:
            return recognised.stranger(changed(stage, arrived=arrived))
        group = stage.person.group if stage.person else None
        place = Place(owner=stage.owner, person=stage.person, line=stage.line, group=group)
        return self.stage(arrived, place, await self._group(place), self._talk(place, arrived))

    async def _turn(self, stage: Stage, member: Member | None, there: Sequence[Candidate]) -> Outcome:
        """Take the turn; where it finds something missing, look that up and take it anew."""
        event, seen = stage.arrived.event, dict[Look, Any]()
        for _ in range(MOST_LOOKS):
            try:
                return engine.turn(
                    self.tools.flows,
                    stage.conversation,
                    event,
                    stage.group,
                    member,
                    self.now,
                    self.tools.ids,
                    seen,
                    there,
                )
            except Missing as missing:
                seen[missing.look] = await look_up(self.conn, stage, missing.look)
        raise RuntimeError("a turn asks for ever more")

    async def again(self, raw: Event) -> Turned:
        """A repeat: a call gets the answer that it got before; everything else was answered already."""
        if not raw.can.call or raw.kind == "hangup":
            return Turned(repeat=True)
        return Turned(repeat=True, answer=await turns.stored_step(self.conn, raw.session, step_of(raw)))

    def stage(self, arrived: Arrived, place: Place, group: Group | None, talk: Conversation) -> Stage:
        return Stage(
            ledger=self.ledger,
            known=self.known,
            groups=self.groups,
            views=self.tools.views,
            secrets=self.tools.secrets,
            words=Sentences(self.tools.flows.phrases),
            ids=self.tools.ids,
            now=self.now,
            arrived=arrived,
            line=place.line,
            owner=place.owner,
            person=place.person,
            group=group,
            conversation=talk,
            channels=self.tools.channels,
        )

    def close(self, stage: Stage, raw: Event, after: Conversation, says: Sequence[Say]) -> tuple[Say, ...]:
        """Note whose the event was and where they are now; what is said, as it fits the channel."""
        event = stage.arrived.event
        fitted = [self.tools.fit(event.channel, say) for say in says]
        rest = "\n\n".join(left for _, left in fitted if left)
        after = replace(_own(after), rest=rest) if rest else _own(after)
        if stage.group and stage.person is None and not after.group and places.names_group(event):
            after = replace(after, group=stage.group.id)
        gone = stage.owner == stage.me and stage.me not in self.known.people
        if gone:
            self.ledger.talks[stage.owner] = None
            self.known.talks.pop(stage.owner, None)
        elif not stage.came:  # what was a stranger's so far is over: the member's own goes on
            self._save(stage, after)
        self._note(stage, raw, after)
        return tuple(say for say, _ in fitted)

    def send(self, stage: Stage, raw: Event, says: tuple[Say, ...]) -> Turned:
        """Put what is said where it leaves from: a call's own answer, or the outbox."""
        event, line = stage.arrived.event, stage.line
        answer = ""
        if event.can.call:
            self._note_call(stage)
            if event.kind != "hangup" and not self.replayed:
                answer = self.tools.answer(says, step_of(raw))
                row = {"call_id": event.session, "step": step_of(raw), "answer": answer, "at": self.now}
                self.ledger.steps.append(row)
        elif line:
            self.ledger.says += [self._row(stage, line, n, say) for n, say in enumerate(says)]
        toast = next((say.toast for say in says if say.toast), "")
        first = says[0].text.partition("\n")[0] if raw.room and says else ""
        return Turned(
            says=says,
            answer=answer,
            pop_up=toast or first[:POP_UP],
            voted=stage.poll,
            sends=bool(says) and not event.can.call,
            fetches=self.ledger.fetch,
            alarms=self.ledger.alarm,
        )

    def _row(self, stage: Stage, line: Line, n: int, say: Say) -> outbox.Row:
        gone = stage.me if stage.me in self.known.people else None
        return outbox.Row(
            id=self.tools.ids(),
            line=line.id,
            channel=stage.channel,
            klass="answer",
            dedupe_key=f"{'replay' if self.replayed else 'answer'}:{stage.arrived.id}:{n}",
            say=say,
            member=gone,
            group=stage.group.id if stage.group else None,
            subject=say.about or None,
            event=stage.arrived.id,
            practice=line.kind == "practice",
        )

    def _stranger_in_room(self, stage: Stage) -> Turned:
        """Somebody who is no member here pressed a button: the choice waits until they have joined."""
        event, group = stage.arrived.event, stage.group
        words = stage.words.to(group.language) if group else stage.words
        poll = next((one for one in group.polls if one.id == event.question), None) if group else None
        if group is None or poll is None or poll.closed:
            return Turned(pop_up=words("room.not open"))
        talk = self.known.talks.get(stage.owner, Conversation())
        self._save(stage, replace(talk, pending=(poll.id, event.value), group=group.id))
        first = words("room.join first", chat=group.chat, code=group.code)
        return Turned(pop_up=first[:POP_UP], stranger=True)

    async def _group(self, place: Place) -> Group | None:
        if place.group is None:
            return None
        if place.group not in self.groups:
            self.groups |= await self.tools.views.load(self.conn, {place.group}, self.now)
        group = self.groups[place.group]
        # On a practice phone there is no carrier who would confirm a stop.
        return (
            replace(group, replies_to_optout=True) if place.line and place.line.kind == "practice" else group
        )

    def _talk(self, place: Place, arrived: Arrived) -> Conversation:
        talk = self.known.talks.get(place.owner, Conversation())
        edit = unmark(arrived.event.of) if arrived.event.kind == "edit" else None
        remembered = any(one.event == arrived.event.of for one in talk.heard)
        if edit is None or edit[1] not in self.corrected or remembered:
            return talk
        # The conversation has forgotten that message, what it became has not.
        gift, answer = self.corrected[edit[1]]
        question = Question(id=gift, name=answer, text="", takes=("text",), gift=gift)
        heard = Heard(event=arrived.event.of, question=gift)
        kept = Done(kind="gift", id=gift, label=LENT)
        return replace(
            talk, heard=(*talk.heard, heard), before=(*talk.before, question), done=(kept, *talk.done)
        )

    def _member(self, stage: Stage) -> Member | None:
        if stage.person is None:
            return None
        member, event = stage.person.member, stage.arrived.event
        call = self.known.calls.get(event.session) if event.can.call else None
        if stage.line:
            way = recognised.way(stage.person, event, self.known, stage.line, call)
            member = replace(member, way=way) if way else member
        return replace(member, notice=call.notice) if call else member

    def _save(self, stage: Stage, talk: Conversation) -> None:
        self.known.talks[stage.owner] = talk
        self.ledger.talk(
            stage.owner,
            talk,
            before=stage.conversation,
            member=stage.me,
            line=stage.line.id if stage.line else None,
            more_time=bool(stage.person and stage.person.more_time),
            now=self.now,
        )

    def _note(self, stage: Stage, raw: Event, talk: Conversation) -> None:
        """Whose event it was, what it became, and who is at the line now."""
        arrived, person = stage.arrived, stage.person
        self.ledger.whose[arrived.id] = stage.me
        given = {one.id: one for one in talk.before if one.gift in stage.gifts}
        for heard in talk.heard if given else ():
            question = given.get(heard.question)
            marked = unmark(heard.event) if question else None
            if question and marked:
                self.ledger.became[marked] = (question.gift, question.name[:40])
        if stage.secret:
            self.ledger.secret.append(arrived.id)
        if stage.line is None:
            return
        if person and person.member.id in self.known.people:
            self._note_reach(stage, stage.line, person, sure=bool(raw.room))
        if len(self.known.at(stage.line.id)) > (1 if person else 0) and not stage.arrived.event.can.call:
            self._note_who(stage.line, stage.me if stage.me in self.known.people else None)

    def _note_reach(self, stage: Stage, line: Line, person: load.Person, *, sure: bool) -> None:
        event, way = stage.arrived.event, person.by(line.id, stage.channel)
        if way is None and person not in self.known.at(line.id):
            return  # a phone that is not theirs
        if way is None:
            way = Reach(id=self.tools.ids(), line=line.id, channel=stage.channel)
            add_reach(
                stage, person.member.id, way, rank=len(person.reaches), may_start=stage.channel != "voice"
            )
            self.known.uses(person, way)
        elif self._just_heard(line, way) or not (sure or recognised.sure(person, event, line, self.known)):
            return
        way.heard_at = self.now
        self.ledger.heard[person.member.id, way.id] = self.now

    def _just_heard(self, line: Line, way: Reach) -> bool:
        """Whether to note once more that they were heard would tell nobody anything."""
        lately = way.heard_at is not None and self.now - way.heard_at < LATELY
        return lately and not way.failing and len(self.known.at(line.id)) == 1

    def _note_who(self, line: Line, member: str | None) -> None:
        line.at_member, line.at_until = member, self.now + places.STAYS
        self.ledger.change(sharing.stays_with(line.id, member, line.at_until))

    def _note_call(self, stage: Stage) -> None:
        event = stage.arrived.event
        call = self.known.calls[event.session]
        call.member = (stage.me or "") if stage.me in self.known.people else ""
        call.ended = self.now if event.kind == "hangup" else call.ended
        self.ledger.calls[call.id] = {
            "id": call.id,
            "direction": "out" if call.outbox else "in",
            "line_id": stage.line.id if stage.line else None,
            "member_id": call.member or None,
            "outbox_id": call.outbox or None,
            "started_at": self.now,
            "ended_at": call.ended,
        }
        if event.kind == "hangup":
            self._note_end(stage, call)

    def _note_end(self, stage: Stage, call: Call) -> None:
        """A call is over: what it cost, and whether what it was for was heard."""
        ids, now, seconds = self.tools.ids, self.now, stage.arrived.event.value
        if call.outbox:
            self.ledger.deeds.append(lambda conn: receipts.unheard(conn, call.outbox, now=now, ids=ids))
        if stage.group and stage.line and stage.line.kind != outbox.PRACTICE and seconds.isdecimal():
            spent = {(stage.group.id, "minutes"): costs.minutes(int(seconds), ours=bool(call.outbox))}
            means: dict[str, Any] = {"flows": self.tools.flows, "channels": self.tools.channels}
            self.ledger.deeds.append(lambda conn: costs.count(conn, spent, **means, ids=ids, now=now))

    async def _rung(self, events: Sequence[Event]) -> None:
        """Calls of ours that were answered: whom we rang, and what for."""
        rung = await load.rung(self.conn, {event.question for event in events})
        for event in events:
            if event.question in rung:
                member, notice = rung[event.question]
                call = self.known.calls[event.session]
                call.member, call.notice, call.outbox = member, notice, notice.id
        absent = {member for member, _ in rung.values()} - self.known.people.keys()
        self.known.people |= await load.people(self.conn, absent, self.now)
        await load.talks(self.conn, self.known, absent)
        wanted = {self.known.people[one].group for one in absent & self.known.people.keys()}
        self.groups |= await self.tools.views.load(self.conn, wanted, self.now)


def _own(talk: Conversation) -> Conversation:
    """The conversation without what it was lent for one turn."""
    lent = {one.id for one in talk.done if one.label == LENT}
    if not lent:  # as nearly always
        return talk
    return replace(
        talk,
        heard=tuple(one for one in talk.heard if one.question not in lent),
        before=tuple(one for one in talk.before if one.id not in lent),
        done=tuple(one for one in talk.done if one.label != LENT),
    )
