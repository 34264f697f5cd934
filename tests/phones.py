"""What a member holds in their hand: actions in, what is seen or heard out, through the real channels."""

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr

from channels.base import Inbound, Parcel
from channels.sms import SmsChannel
from channels.telegram import TelegramChannel
from channels.voice import VoiceChannel, step_of
from flows.events import Event, Say
from tests.fakes.twilio_calls import SOUND, Call
from tests.scenes import Scene, house
from tests.twilio_requests import PUBLIC, account

LINE, OURS = "+447700900123", "+447700900001"
CHAT = 4711


class Phone(Protocol):
    """`do` one action, and read or hear what comes of it."""

    name: str

    async def do(self, action: str) -> list[str]:
        """Words, or something in square brackets that is done."""

    def show(self, says: Sequence[Say]) -> list[str]:
        """What arrives without being asked for."""


def phone(name: str, scene: Scene) -> Phone:
    """The way in that a transcript names."""
    made: Mapping[str, type[TelegramPhone] | type[TextPhone] | type[CallPhone]] = {
        "Telegram": TelegramPhone,
        "Text messages": TextPhone,
        "Phone call": CallPhone,
    }
    return made[name](scene)


def merged(says: Sequence[Say]) -> list[Say]:
    """What is left of messages of which later ones take the place of earlier."""
    last = {say.merge: at for at, say in enumerate(says) if say.merge}
    return [say for at, say in enumerate(says) if not say.merge or last[say.merge] == at]


class TextPhone:
    """A mobile phone that has text messages only."""

    name = "Text messages"

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.channel = SmsChannel(words=house(), account=account(), number=OURS)
        self._numbers = itertools.count(1)

    async def do(self, action: str) -> list[str]:
        form = {"MessageSid": f"SM{next(self._numbers)}", "From": LINE, "Body": action}
        events = self.channel.decode(_posted("/twilio/sms", form), self.scene.now)
        return self.show([say for event in events for say in self.scene.take(event)])

    def show(self, says: Sequence[Say]) -> list[str]:
        fitted = [self.channel.fit(say) for say in merged(says)]
        rest = "\n\n".join(left for _, left in fitted if left)
        if rest:
            self.scene.conversation = replace(self.scene.conversation, rest=rest)
        sent = (parcel for say, _ in fitted for parcel in self.channel.encode(say, LINE))
        return [parcel.params["body"] for parcel in sent]


class TelegramPhone:
    """Somebody's chat with the bot."""

    name = "Telegram"

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.channel = TelegramChannel(words=house(), token=SecretStr("1:token"), secret=SecretStr("secret"))
        self._numbers = itertools.count(1)
        self._written: dict[str, int] = {}
        self._buttons: list[tuple[str, str]] = []

    async def do(self, action: str) -> list[str]:
        says = [say for update in self._updates(action) for say in self._turn(update)]
        return self.show(says)

    def show(self, says: Sequence[Say]) -> list[str]:
        return [self._shown(one) for say in merged(says) for one in self.channel.encode(say, str(CHAT))]

    def _turn(self, update: Mapping[str, Any]) -> list[Say]:
        body = json.dumps({"update_id": next(self._numbers), **update}).encode()
        request = Inbound(url=f"{PUBLIC}/telegram/webhook", headers={}, body=body)
        events = self.channel.decode(request, self.scene.now)
        return [say for event in events for say in self.scene.take(event)]

    def _updates(self, action: str) -> list[dict[str, Any]]:
        if not re.fullmatch(r"\[.*\]", action):
            self._written[action] = next(self._numbers)
            return [{"message": self._message({"text": action}, self._written[action])}]
        done = action[1:-1]
        if pressed := re.fullmatch(r"press (.*)", done):
            return [{"callback_query": self._pressed(pressed[1])}]
        if changed := re.fullmatch(r'changes "(.*)" to "(.*)"', done):
            message = self._message({"text": changed[2], "edit_date": 1772532100}, self._written[changed[1]])
            return [{"edited_message": message}]
        if photos := re.fullmatch(r"(?:(\d+) )?photos?( together)?(?:: (.*))?", done):
            album = {"media_group_id": f"album{next(self._numbers)}"} if photos[2] else {}
            many = range(int(photos[1] or 1))
            captions = [photos[3] if n == 0 else None for n in many]
            return [{"message": self._message(self._photo(caption) | album)} for caption in captions]
        if done == "one more photo of those together":
            last = f"album{self.scene.conversation.album.removeprefix('album')}"
            return [{"message": self._message(self._photo(None) | {"media_group_id": last})}]
        if done == "voice message":
            sound = {**_file(next(self._numbers)), "duration": 7, "mime_type": "audio/ogg"}
            return [{"message": self._message({"voice": sound})}]
        if done == "sticker":
            whole = {"width": 5, "height": 5, "is_animated": False, "is_video": False, "type": "regular"}
            return [{"message": self._message({"sticker": _file(1) | whole})}]
        raise ValueError(f"nobody can do [{done}] here")

    def _photo(self, caption: str | None) -> dict[str, Any]:
        size = {**_file(next(self._numbers)), "width": 1280, "height": 960}
        return {"photo": [size]} | ({"caption": caption} if caption else {})

    def _message(self, fields: Mapping[str, Any], number: int = 0) -> dict[str, Any]:
        person = {"id": CHAT, "is_bot": False, "first_name": "Mary"}
        whole = {"message_id": number or next(self._numbers), "date": int(self.scene.now.timestamp())}
        return {**whole, "chat": {"id": CHAT, "type": "private"}, "from": person, **fields}

    def _pressed(self, label: str) -> dict[str, Any]:
        found = [data for shown, data in reversed(self._buttons) if shown == label]
        assert found, f"there is no button {label!r}"
        data = found[0]
        message = self._message({"text": "?"})
        return {
            "id": f"Q{next(self._numbers)}",
            "from": message["from"],
            "message": message,
            "data": data,
            "chat_instance": "1",
        }

    def _shown(self, parcel: Parcel) -> str:
        text = parcel.params.get("text", "") or parcel.params.get("caption", "")
        rows = parcel.params.get("reply_markup", {}).get("inline_keyboard", [])
        self._buttons += [(one["text"], one["callback_data"]) for row in rows for one in row]
        files = [f"({one.kind}: {one.name or one.media})" for one in parcel.files]
        return "\n".join([*files, text, *(" ".join(f"[{one['text']}]" for one in row) for row in rows)])


class CallPhone:
    """Any telephone, a landline too: keys, speech and recordings."""

    name = "Phone call"

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.channel = VoiceChannel(
            words=house(),
            account=account(),
            number=OURS,
            public_url=PUBLIC,
            media_url=lambda shown: f"{PUBLIC}/media/{shown.media}",
        )
        self._numbers = itertools.count(1)
        self._call: Call | None = None
        self._over = False

    def show(self, says: Sequence[Say]) -> list[str]:
        return []  # a phone shows nothing by itself

    async def do(self, action: str) -> list[str]:
        call = await self._done(action)
        heard = [line for line in call.heard if line]
        if call.over and not self._over:
            await self._ended(call)
        ended = {"Dial": ["(the call is put through)"], "": ["(the call ends)"]}
        return [*heard, *ended.get(call.waits, [])]

    async def _done(self, action: str) -> Call:
        if action == "[rings]":
            return await self._begin("", "inbound", "")
        if told := re.fullmatch(r"\[(is rung|is rung, a machine answers)\]", action):
            answered = "machine_start" if "machine" in told[1] else "human"
            return await self._begin("?o=o1", "outbound-api", answered)
        call = self._call
        assert call is not None, "nobody has rung"
        if pressed := re.fullmatch(r"\[press (.*)\]", action):
            return await self._pressed(call, pressed[1])
        if recorded := re.fullmatch(r"\[(\d+) seconds(, then silence|, then hangs up|, then 0)?\]", action):
            await self._recorded(call, int(recorded[1]), recorded[2] or "")
        elif action == "[silence]":
            await call.silence()
        elif action == "[hangs up]":
            await call.hang_up()
            call.heard = []
        elif action == "[the other side hangs up]":
            await call.dial_ends()
        elif action == "[nobody answers there]":
            await call.dial_ends("no-answer")
        else:
            await call.say_words(action)
        return call

    async def _pressed(self, call: Call, what: str) -> Call:
        """A key, or the key that the menu gives for these words, behind "more choices" too."""
        keys = what if re.fullmatch(r"[\d*#]+", what) else ""
        while not keys:
            offered = dict(re.findall(r"(\S.*?), press (\d)\.", "\n".join(call.heard)))
            keys = offered.get(what, "")
            if not keys:
                await call.press(offered["For more choices"])
        return await call.press(keys)

    @property
    def _own(self) -> str:
        return "anonymous" if self.scene.withheld else LINE

    async def _begin(self, query: str, direction: str, answered: str) -> Call:
        self._over = False
        self._call = Call(
            self,
            sid=f"CA{next(self._numbers)}",
            account="AC1",
            from_=self._own if direction == "inbound" else OURS,
            to=OURS if direction == "inbound" else LINE,
            direction=direction,
            answered_by=answered,
        )
        return await self._call.begin(f"{PUBLIC}/twilio/voice{query}")

    async def _recorded(self, call: Call, seconds: int, how: str) -> None:
        hangs_up = how == ", then hangs up"
        key = "0" if how == ", then 0" else "" if how else "1"
        await call.record(SOUND, seconds, key=key, hang_up=hangs_up)
        call.heard = [] if hangs_up else call.heard  # nobody is there to hear it

    async def _ended(self, call: Call) -> None:
        self._over = True
        form = {"CallSid": call.sid, "From": call.from_, "To": call.to, "Direction": call.direction}
        request = _posted("/twilio/voice/status", form | {"CallStatus": "completed"})
        for event in self.channel.decode_status(request, self.scene.now)[0]:
            self.scene.take(event)

    # What the call asks of the service.
    async def post(self, url: str, fields: Mapping[str, str]) -> tuple[int, str]:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        (event,) = self.channel.decode(_posted(path, fields), self.scene.now)
        return 200, self.channel.answer(self._says(event), step=step_of(event))

    def _says(self, event: Event) -> tuple[Say, ...]:
        return self.scene.take(event)

    async def get(self, url: str) -> bytes:
        return SOUND

    def keep_recording(self, content: bytes, call: str = "") -> tuple[str, str]:
        sid = f"RE{next(self._numbers)}"
        return sid, f"https://api.twilio.com/{sid}"


def _posted(path: str, form: Mapping[str, str]) -> Inbound:
    return Inbound(url=PUBLIC + path, headers={}, body=urlencode(form).encode())


def _file(number: int) -> dict[str, Any]:
    return {"file_id": f"file{number}", "file_unique_id": f"u{number}"}
