"""The practice phone in the terminal: each line that is typed is a message, and the answers are printed."""

import asyncio
import io
import math
import mimetypes
import re
import secrets
import threading
import wave
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

from bot.app import App
from bot.practice.phones import OWN, PracticePhones, Step, Upload
from bot.settings import Settings
from channels.practice import Handset
from channels.practice_call import OVER, Heard, Scene, Wait
from flows.readable import part_by_part, units
from storage.running import practice as store
from storage.running.practice import Post

Phone = Literal["telegram", "sms", "call"]
CHANNELS = {"telegram": "telegram", "sms": "sms", "voice": "call"}
REMEMBERED = "practice.phone"  # in the data folder: who the terminal is
LOOK = 0.05
NOW_AND_THEN = 1.0
PATIENCE = 30.0  # seconds for answers to come

HELP = """Each line is sent as it is. What else you can type:
/photo FILE   send a photo (Telegram)
/record FILE  send a recording (Telegram), or play it into a call
/press 2      press the second button (Telegram)
/ring         ring Takepart, or answer when it rings (call)
/hangup       put the phone down (call)
In a call, figures, * and # are keys, other words are what you say, and an empty line is silence.
After the tone a hum as long as your words stands for them: this phone has no voice of its own."""
HELLO = "Type a message and press Enter. /help tells what else there is; Ctrl+D ends it."
NO_CALL = "Nobody is on the phone. Type /ring first."
NO_COMMAND = "There is no {} here. /help tells what there is."
HUMMED = "(A hum of {} seconds stands for that.)"
NO_BUTTON = "There is no such button."
NO_FILE = "There is no file {}."
NOT_HERE = "That cannot be done on this phone."
TOO_LONG = "(No answer has come yet.)"


KEYS = re.compile(r"[0-9*#]+")
PITCH, PER_SECOND = 220, 8000  # of a hum: waves and samples a second


class Wrong(Exception):
    """What was typed cannot be done: one sentence."""


async def talk(
    settings: Settings, phone: Phone, *, lines: TextIO, say: Callable[[str], None], new: bool = False
) -> None:
    """Talk until `lines` end and their answers have come. `new`: as somebody who was never here."""
    nowhere = {"telegram_bot_token": None, "twilio_auth_token": None}
    app = App(settings.model_copy(update=nowhere), beside=True)
    await app.start()
    try:
        terminal = Terminal(app, _handset(settings, new=new), phone, say)
        await terminal.run(lines)
    finally:
        await app.stop()


class Terminal:
    """One phone in one terminal."""

    def __init__(self, app: App, handset: Handset, phone: Phone, say: Callable[[str], None]) -> None:
        self._app = app
        self._phones: PracticePhones = app.phones
        self._me = handset
        self._phone = phone
        self._say = say
        self._cursor = ""
        self._buttons: list[dict[str, str]] = []
        self._call, self._rings, self._wait = "", "", OVER
        self._looking = asyncio.Lock()

    async def run(self, lines: TextIO) -> None:
        """Read and answer line by line; in between, what comes by itself is printed too."""
        await self._skip_old()
        looks = asyncio.create_task(self._keep_looking()) if lines.isatty() else None
        if looks:
            self._say(HELLO)
        typed = _reader(lines)
        try:
            while line := await typed.get():
                try:
                    await self._do(line.rstrip("\r\n"))
                except Wrong as wrong:
                    self._say(str(wrong))
                await self._answers()
            if self._call:
                await self._hang_up()
                await self._answers()
        finally:
            if looks:
                looks.cancel()

    async def _do(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        deeds = {
            "/photo": self._photo,
            "/record": self._record,
            "/press": self._press,
            "/ring": self._ring,
            "/hangup": self._hang_up,
            "/help": self._help,
        }
        if command in deeds:
            await deeds[command](rest.strip())
        elif self._phone == "call" and KEYS.fullmatch(line.strip()):
            await self._keys(line.strip())
        elif self._phone == "call" and command.startswith("/"):
            raise Wrong(NO_COMMAND.format(command))
        elif self._phone == "call":
            await self._speak(line.strip())
        elif self._phone == "sms":
            await self._phones.text(self._me, line)
        elif line.strip():
            await self._phones.write(self._me, line)

    async def _help(self, rest: str = "") -> None:
        self._say(HELP)

    async def _photo(self, name: str) -> None:
        if self._phone != "telegram":
            raise Wrong(NOT_HERE)
        await self._phones.send_photos(self._me, [_upload(name)])
        await self._fetch()

    async def _record(self, name: str) -> None:
        if self._phone == "sms":
            raise Wrong(NOT_HERE)
        if self._phone == "telegram":
            await self._phones.send_voice(self._me, _upload(name))
        else:
            self._waits("recording")
            await self._play(_upload(name))
        await self._fetch()

    async def _play(self, sound: Upload) -> None:
        """Let a recording be heard after the tone, and end it with a key."""
        step = Step(call=self._call, action=self._wait.action, outbox=self._rings, recording=sound, keys="#")
        await self._step(step)

    async def _press(self, keys: str) -> None:
        if self._phone == "telegram":
            chosen = _chosen(self._buttons, keys)
            toast = await self._phones.press(self._me, chosen["callback_data"], chosen["text"])
            if toast:
                self._say(f"({toast})")
            return
        if self._phone != "call" or not KEYS.fullmatch(keys):
            raise Wrong(NOT_HERE)
        await self._keys(keys)

    async def _keys(self, keys: str) -> None:
        """Keys as a telephone sends them: one by one where one is the answer, else together."""
        wait = self._waits("keys", "recording")
        if wait.what == "recording":  # a key ends a recording in which nothing was said
            await self._step(Step(call=self._call, action=wait.otherwise, outbox=self._rings))
        elif wait.digits:
            pressed, rest = keys[: wait.digits], keys[wait.digits :]
            await self._step(Step(call=self._call, action=wait.action, outbox=self._rings, keys=pressed))
            if rest and self._call:
                await self._keys(rest)
        else:
            pressed = keys.removesuffix(wait.finish) or keys
            await self._step(Step(call=self._call, action=wait.action, outbox=self._rings, keys=pressed))

    async def _ring(self, rest: str = "") -> None:
        if self._phone != "call" or self._call:
            raise Wrong(NOT_HERE)
        self._call = secrets.token_hex(8)
        if self._rings:
            await self._heard(await self._phones.take_call(self._me, self._call, self._rings))
        else:
            await self._heard(await self._phones.ring(self._me, self._call))

    async def _speak(self, words: str) -> None:
        wait = self._waits("keys", "recording", "person")
        if words and wait.what == "recording":
            hum = _hum(words)
            self._say(HUMMED.format(hum.seconds))
            await self._play(hum)
            await self._fetch()
            return
        if words and wait.what == "keys":
            await self._step(Step(call=self._call, action=wait.action, outbox=self._rings, speech=words))
        elif wait.otherwise:
            await self._step(Step(call=self._call, action=wait.otherwise, outbox=self._rings))
        else:
            await self._hang_up()

    async def _step(self, step: Step) -> None:
        await self._heard(await self._phones.step(self._me, step))

    async def _heard(self, scene: Scene) -> None:
        for one in scene.heard:
            self._say(_told(one))
        self._wait = scene.wait
        if scene.wait.what == "over":
            await self._hang_up()

    async def _hang_up(self, rest: str = "") -> None:
        if not self._call:
            raise Wrong(NO_CALL)
        call, rings = self._call, self._rings
        self._call, self._rings, self._wait = "", "", OVER
        await self._phones.hang_up(self._me, call, outbox=rings)
        self._say("(The call is over.)")

    def _waits(self, *what: str) -> Wait:
        if not self._call:
            raise Wrong(NO_CALL)
        if self._wait.what not in what:
            raise Wrong("The call does not wait for that now.")
        return self._wait

    # What comes

    async def _answers(self) -> None:
        """Wait for every answer that is on its way, and print them."""
        for _ in range(int(PATIENCE / LOOK)):
            if not await self._phones.on_their_way(self._me):
                break
            await asyncio.sleep(LOOK)
        else:
            self._say(TOO_LONG)
        await self._look()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(NOW_AND_THEN)
            await self._look()

    async def _skip_old(self) -> None:
        while found := (await self._phones.posts(self._me, after=self._cursor))[0]:
            self._cursor = found[-1].id

    async def _look(self) -> None:
        async with self._looking:
            found, ringing = await self._phones.posts(self._me, after=self._cursor)
            for post in found:
                self._cursor = post.id
                if CHANNELS[post.parcel["channel"]] == self._phone and post.parcel["method"] != OWN:
                    self._print(post, post.parcel.get("outbox") in ringing)

    def _print(self, post: Post, rings: bool) -> None:
        params = post.parcel["params"]
        if post.parcel["method"] == "call":
            if rings and not self._call:
                self._rings = post.parcel["outbox"]
                self._say("(Your phone is ringing. Type /ring to answer.)")
            return
        words = params.get("text") or params.get("caption") or params.get("body") or ""
        self._say("\n".join((words, *(f"({one['kind']})" for one in post.parcel["files"]))).strip())
        if self._phone == "sms":
            self._say(f"({_parts(words)})")
        rows: Sequence[Sequence[dict[str, Any]]] = params.get("reply_markup", {}).get("inline_keyboard", [])
        if rows:
            self._buttons = [button for row in rows for button in row]
            self._say("  ".join(f"[{n} {one['text']}]" for n, one in enumerate(self._buttons, start=1)))

    async def _fetch(self) -> None:
        """Keep what was sent now: the service may not be running beside us."""
        async with self._app.db.read() as conn:
            waiting = await store.waiting_files(conn)
        for id_ in waiting:
            await self._app.fetcher.now(id_)


def _reader(lines: TextIO) -> asyncio.Queue[str]:
    """The lines as they are typed, "" at their end. Waiting for one must not keep us from ending."""
    typed: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        line = "begun"
        while line:
            line = lines.readline()
            try:
                loop.call_soon_threadsafe(typed.put_nowait, line)
            except RuntimeError:  # the loop has ended meanwhile
                return

    threading.Thread(target=read, daemon=True).start()
    return typed


def _handset(settings: Settings, *, new: bool) -> Handset:
    """Who the terminal is: the same person every time, so that a text and a call come from one phone."""
    path = settings.ensure_data_dir() / REMEMBERED
    known = path.read_text(encoding="ascii").strip() if path.exists() else ""
    if not new and re.fullmatch(r"[0-9a-f]{24}", known):
        return Handset(id=known)
    fresh = secrets.token_hex(12)
    path.write_text(fresh, encoding="ascii")
    return Handset(id=fresh)


def _upload(name: str) -> Upload:
    path = Path(name).expanduser()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Wrong(NO_FILE.format(name)) from error
    return Upload(
        name=path.name, type=mimetypes.guess_type(path.name)[0] or "", data=data, seconds=_seconds(data)
    )


def _hum(words: str) -> Upload:
    """A sound that stands for words typed after the tone, about as long as saying them takes."""
    seconds, raw = 2 + len(words.split()) // 2, io.BytesIO()
    with wave.open(raw, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(PER_SECOND)
        waves = (
            int(3000 * math.sin(math.tau * PITCH * at / PER_SECOND)) for at in range(PER_SECOND * seconds)
        )
        sound.writeframes(array("h", waves).tobytes())
    return Upload(name="hum.wav", type="audio/wav", data=raw.getvalue(), seconds=seconds)


def _seconds(data: bytes) -> int:
    try:
        with wave.open(io.BytesIO(data)) as sound:
            return max(1, int(sound.getnframes() / sound.getframerate()))
    except (wave.Error, EOFError):
        return 5


def _chosen(buttons: Sequence[dict[str, str]], wanted: str) -> dict[str, str]:
    if wanted.isdecimal() and 0 < int(wanted) <= len(buttons):
        return buttons[int(wanted) - 1]
    named = [one for one in buttons if one["text"].casefold() == wanted.casefold()]
    if not named:
        raise Wrong(NO_BUTTON)
    return named[0]


def _told(one: Heard) -> str:
    return one.text or {"recording": "(a recording)", "tone": "(a tone)"}[one.kind]


def _parts(words: str) -> str:
    many = len(part_by_part(words))
    return f"{many} part{'' if many == 1 else 's'}, {units(words)} characters"
