"""People with Telegram on their phones: what they do becomes updates for the bot."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.telegram_rules import Json, given

if TYPE_CHECKING:
    from tests.fakes.telegram import BotApi


@dataclass
class Person:
    """Somebody with Telegram: what they do becomes updates, what the bot sends them is heard."""

    api: "BotApi"
    id: int
    name: str

    def writes(self, text: str, *, room: int = 0, **fields: Any) -> int:
        """Send words; returns the message's id. `room` is a group's chat id."""
        return self._sends({"text": text, **fields}, room)

    def edits(self, message_id: int, text: str) -> None:
        """Change the words of an earlier message."""
        message = self.api.message(self, {"text": text, "edit_date": int(time.time())}, message_id=message_id)
        self.api.update({"edited_message": message})

    def sends_photo(self, data: bytes, caption: str = "", album: str = "") -> int:
        """Send a picture, as phones do: in three sizes, of which the last is the whole."""
        sizes = [self._size(data[: len(data) // 4], 90), self._size(data[: len(data) // 2], 320)]
        fields: Json = {"photo": [*sizes, self._size(data, 1280)]}
        return self._sends(fields | given(caption=caption, media_group_id=album))

    def sends_voice(self, data: bytes, seconds: int = 4) -> int:
        """Send a voice note."""
        file = self.api.keep(data) | {"duration": seconds, "mime_type": "audio/ogg"}
        return self._sends({"voice": file})

    def sends_file(self, data: bytes, name: str, mime_type: str) -> int:
        """Send anything as a file, which Telegram leaves as it is."""
        return self._sends({"document": self.api.keep(data) | {"file_name": name, "mime_type": mime_type}})

    def sends(self, **fields: Any) -> int:
        """Send a message of any other kind, with the fields of the Bot API's Message."""
        return self._sends(fields)

    def presses(self, label: str, *, room: int = 0) -> str:
        """Press the newest button that reads so; returns the callback query's id."""
        message, data = self.api.button(room or self.id, label)
        query = str(next(self.api.numbers))
        self.api.open_queries.add(query)
        chat_instance = str(room or self.id)
        pressed = {"id": query, "from": self.user(), "message": message, "data": data}
        self.api.update({"callback_query": pressed | {"chat_instance": chat_instance}})
        return query

    def blocks(self) -> None:
        """Stop the bot in Telegram: from now on it may not write."""
        self.api.blocked.add(self.id)
        self._membership("member", "kicked")

    def unblocks(self) -> None:
        """Let the bot write again."""
        self.api.blocked.discard(self.id)
        self._membership("kicked", "member")

    def heard(self, *, room: int = 0) -> list[str]:
        """The words of all that the bot sent here, captions too, as they read now."""
        return [m.get("text") or m.get("caption", "") for m in self.api.sent(room or self.id)]

    def buttons(self, *, room: int = 0) -> list[str]:
        """The labels below the bot's last message here."""
        rows = self.api.sent(room or self.id)[-1].get("reply_markup", {}).get("inline_keyboard", [])
        return [button["text"] for row in rows for button in row]

    def user(self) -> Json:
        """This person as the Bot API's User."""
        return {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": "en"}

    def _sends(self, fields: Json, room: int = 0) -> int:
        message = self.api.message(self, fields, room=room)
        self.api.update({"message": message})
        return int(message["message_id"])

    def _size(self, data: bytes, width: int) -> Json:
        return self.api.keep(data) | {"width": width, "height": width}

    def _membership(self, before: str, after: str) -> None:
        bot = self.api.bot_user()
        states = [{"status": s, "user": bot} | _until(s) for s in (before, after)]
        change = {"chat": self.api.chat(self.id), "from": self.user(), "date": int(time.time())}
        change |= {"old_chat_member": states[0], "new_chat_member": states[1]}
        self.api.update({"my_chat_member": change})


def _until(status: str) -> Json:
    return {"until_date": 0} if status == "kicked" else {}
