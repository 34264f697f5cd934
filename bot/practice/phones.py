"""Practice phones: what is done there comes in as from a provider; what goes there is kept to be shown."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.intake.calls import Calls
from bot.intake.queue import Intake
from bot.intake.stepping import Turned
from bot.practice.uploads import Uploads
from channels import practice
from channels.base import Channel, Delivery, Inbound, Parcel
from channels.practice import STEP, File, Handset
from channels.practice_call import OVER, Heard, Scene, scene
from channels.voice import VoiceChannel
from storage.database import Database
from storage.running import practice as store
from storage.running.practice import Post
from storage.secrets import Secrets

OWN = "own"  # the method of a post that was sent from the phone itself
MOST_REDIRECTS = 20
SWEPT = 60.0


class PracticeCarrier:
    """Stands in for the providers: shows parcels on practice phones, gives out what was uploaded there."""

    def __init__(
        self,
        *,
        db: Database,
        folder: Path,
        ids: Callable[[], str],
        clock: Callable[[], datetime],
    ) -> None:
        """`folder` holds uploads until they are fetched."""
        self.uploads = Uploads(folder)
        self._db = db
        self._ids = ids
        self._clock = clock

    async def send(self, line: str, parcels: Sequence[Parcel], *, outbox: str) -> None:
        """Show these parcels of one message on the phone whose line has this id."""
        shown = [_stored(parcel, outbox) for parcel in parcels]
        async with self._db.write() as conn:
            await store.add(conn, line, shown, ids=self._ids, now=self._clock())

    async def fetch(self, ref: str, *, most: int) -> bytes:
        """An uploaded file's bytes."""
        return await self.uploads.load(ref, most=most)

    async def run(self) -> None:
        """Remove what was uploaded and must be fetched by now, until cancelled."""
        while True:
            await asyncio.to_thread(self.uploads.sweep)
            await asyncio.sleep(SWEPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as somebody hands it to their practice phone."""

    name: str
    type: str
    data: bytes
    seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What somebody does in a call that waits: at most one of these, or nothing.

    `outbox` is the message that rang, "" where the caller rang us.
    """

    call: str
    action: str
    outbox: str = ""
    keys: str = ""
    speech: str = ""
    recording: Upload | None = None
    dialled: str = ""


class PracticePhones:
    """All that can be done on a practice phone, by page or by terminal."""

    def __init__(
        self,
        *,
        db: Database,
        secrets: Secrets,
        uploads: Uploads,
        encoders: Mapping[str, Channel],
        voice: VoiceChannel,
        intake: Intake,
        calls: Calls,
        receipt: Callable[[Delivery], Awaitable[None]],
        ids: Callable[[], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._secrets = secrets
        self._uploads = uploads
        self._telegram, self._sms = encoders["telegram"], encoders["sms"]
        self._voice = voice
        self._intake = intake
        self._calls = calls
        self._receipt = receipt
        self._ids = ids
        self._clock = clock

    async def posts(self, handset: Handset, *, after: str = "") -> tuple[list[Post], set[str]]:
        """What stands on somebody's phones after a post, and which calls of ours still ring there."""
        async with self._db.read() as conn:
            found = await store.posts(conn, self._secrets, (handset.telegram, handset.phone), after=after)
            return found, await store.ringing(conn, found, self._clock())

    async def on_their_way(self, handset: Handset) -> int:
        """How many answers are still to come."""
        async with self._db.read() as conn:
            return await store.on_their_way(conn, self._secrets, (handset.telegram, handset.phone))

    # Telegram

    async def write(self, handset: Handset, words: str) -> None:
        """Send a message in the chat."""
        now = self._clock()
        number = _number(now)
        await self._own(handset.telegram, "telegram", now, text=words)
        await self._update(handset, practice.words(handset, number, words, now))

    async def send_photos(self, handset: Handset, photos: Sequence[Upload], caption: str = "") -> None:
        """Send one photo, or several as an album."""
        now = self._clock()
        album = self._ids() if len(photos) > 1 else ""
        await self._own(handset.telegram, "telegram", now, text=caption, files=[one.name for one in photos])
        for n, one in enumerate(photos):
            file = await self._keep(one)
            note = caption if n == 0 else ""
            request = practice.photo(handset, _number(now) + n, file, now, caption=note, album=album)
            await self._update(handset, request)

    async def send_voice(self, handset: Handset, sound: Upload) -> None:
        """Send a voice message in the chat."""
        now = self._clock()
        await self._own(handset.telegram, "telegram", now, files=[sound.name])
        file = await self._keep(sound)
        await self._update(handset, practice.voice_note(handset, _number(now), file, now))

    async def press(self, handset: Handset, data: str, label: str) -> str:
        """Press a button below a message; the few words that Telegram shows over it, "" for none."""
        now = self._clock()
        await self._own(handset.telegram, "telegram", now, text=label, pressed=True)
        request = practice.button(handset, self._ids(), data, _number(now), now)
        turned = await self._update(handset, request)
        return next((one.pop_up for one in turned if one.pop_up), "")

    async def _update(self, handset: Handset, request: Inbound) -> list[Turned]:
        events = self._telegram.decode(request, self._clock())
        return await self._intake.take_all(practice.address_of(handset, events))

    # Text messages

    async def text(self, handset: Handset, body: str) -> None:
        """Send a text message."""
        now = self._clock()
        await self._own(handset.phone, "sms", now, text=body)
        events = self._sms.decode(practice.text(f"SM{self._ids()}", body), now)
        await self._intake.take_all(practice.address_of(handset, events))

    # Calls

    async def ring(self, handset: Handset, call: str) -> Scene:
        """Ring our number. `call` is a new name for this call."""
        return await self.step(handset, Step(call=call, action=STEP))

    async def take_call(self, handset: Handset, call: str, outbox: str) -> Scene:
        """Lift the phone that rings."""
        return await self.step(handset, Step(call=call, action=f"{STEP}?o={outbox}", outbox=outbox))

    async def step(self, handset: Handset, step: Step) -> Scene:
        """What is heard after a step, and what the call waits for then. Raise ValueError."""
        fields = await self._fields(step)
        action = step.action
        heard: list[Heard] = []
        for _ in range(MOST_REDIRECTS):
            request = practice.step(handset, step.call, action, fields, ours=bool(step.outbox))
            (event,) = practice.address_of(handset, self._voice.decode(request, self._clock()))
            found = scene(await self._calls.answer(event, request.url))
            heard += found.heard
            if not found.redirect:
                return replace(found, heard=tuple(heard))
            action, fields = found.redirect, {}
        return Scene(heard=tuple(heard), wait=OVER)

    async def hang_up(
        self, handset: Handset, call: str, *, outbox: str = "", sound: Step | None = None
    ) -> None:
        """Put the phone down. `sound` is what was being recorded: it is kept."""
        if sound and sound.recording:
            fields = practice.recording(await self._keep(sound.recording), "hangup")
            request = practice.step(handset, call, sound.action, fields, ours=bool(outbox))
            events = self._voice.decode(request, self._clock())
            await self._intake.take_all(practice.address_of(handset, events))
        await self._ended(handset, call, "completed", outbox)

    async def decline(self, handset: Handset, call: str, outbox: str) -> None:
        """Do not take a call that rings."""
        await self._ended(handset, call, "no-answer", outbox)

    async def _ended(self, handset: Handset, call: str, status: str, outbox: str) -> None:
        request = practice.call_over(handset, call, status, outbox=outbox)
        events, delivery = self._voice.decode_status(request, self._clock())
        await self._intake.take_all(practice.address_of(handset, events))
        if delivery:
            await self._receipt(delivery)

    async def _fields(self, step: Step) -> Mapping[str, str]:
        """The form that comes with what was done; empty for a caller who is silent."""
        if step.recording:
            return practice.recording(await self._keep(step.recording), step.keys)
        if step.speech:
            return {"SpeechResult": step.speech, "Confidence": "1.0"}
        if step.dialled:
            return {"DialCallStatus": step.dialled}
        return {"Digits": step.keys} if step.keys else {}

    async def _keep(self, upload: Upload) -> File:
        ref = await self._uploads.keep(upload.data)
        return File(ref=ref, type=upload.type, bytes=len(upload.data), seconds=upload.seconds)

    async def _own(
        self,
        address: str,
        channel: str,
        now: datetime,
        *,
        text: str = "",
        files: Sequence[str] = (),
        pressed: bool = False,
    ) -> None:
        """What was sent stands on the phone as well, above its answers."""
        params = {"text": text, "files": list(files), "pressed": pressed}
        parcel = {"channel": channel, "method": OWN, "params": params}
        async with self._db.write() as conn:
            line = await store.line(conn, self._secrets, address, ids=self._ids, now=now)
            await store.add(conn, line, [parcel], ids=self._ids, now=now)


def _stored(parcel: Parcel, outbox: str) -> dict[str, Any]:
    return {
        "channel": parcel.channel,
        "method": parcel.method,
        "params": dict(parcel.params),
        "files": [asdict(one) for one in parcel.files],
        "outbox": outbox,
    }


def _number(now: datetime) -> int:
    """A message id that no earlier message of this chat had."""
    return int(now.timestamp() * 1000)
