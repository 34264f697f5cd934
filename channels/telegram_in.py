"""What Telegram's updates mean: python-telegram-bot's `Update` in, events out. Pure.

Rules: private chats are conversations; in a group only its buttons, /link and /poll are for us.
"""

import mimetypes
import re
from dataclasses import replace
from datetime import datetime, timedelta

from telegram import CallbackQuery, ChatMemberUpdated, Document, Message, PhotoSize, Update, User
from telegram.constants import ChatMemberStatus, ChatType

from channels.text import clean
from flows.events import Abilities, Attachment, Event

NAME = "telegram"
CAN = Abilities(
    takes=frozenset({"text", "voice", "photo", "place", "press"}),
    buttons=True,
    photos_out=True,
    audio_out=True,
)

_COMMAND = re.compile(r"/(?P<word>[A-Za-z0-9_]{1,32})(?:@(?P<bot>\w+))?(?:\s+(?P<rest>.*))?$", re.DOTALL)
_ROOM_COMMANDS = ("link", "poll")
_ROOMS = (ChatType.GROUP, ChatType.SUPERGROUP)

_MOST = 2**31 - 1  # what every database takes for a number of bytes or seconds

# An animation comes with a document of itself, so it is looked for first.
_UNUSABLE = (
    *("sticker", "animation", "video", "video_note", "document", "contact", "game", "dice", "poll"),
    *("story", "checklist", "paid_media", "invoice", "gift", "unique_gift", "giveaway", "passport_data"),
)


def events_in(update: Update, *, now: datetime, username: str) -> tuple[Event, ...]:
    """The events in one update. `username` is the bot's own, "" where not known yet.

    Raise TypeError or ValueError for a part that is not what it should be, since the SDK takes values
    of any type over unchecked.
    """
    found = _events(update, now=now, username=username)
    for event in found:
        _check(event)
    return found


def _check(event: Event) -> None:
    words = [event.id, event.line, event.of, event.room, event.text, event.value]
    words += [event.language, event.album, event.session, event.question, event.quoted]
    counts: list[object] = []
    for one in event.attachments:
        words += [one.ref, one.type]
        counts += [one.bytes, one.seconds]
    "".join(words).encode()  # raises where one is no text, or not whole
    for chat in (event.line, event.room):
        int(chat or 0)  # raises where it is no chat's number
    event.at.timestamp()  # raises where there is no time
    if not all(isinstance(count, int) and 0 <= count <= _MOST for count in counts):
        raise TypeError("A size or length is not one.")


def _events(update: Update, *, now: datetime, username: str) -> tuple[Event, ...]:
    if update.callback_query:
        return (_press(update.callback_query, now),)
    if update.my_chat_member:
        return _blocked(update.my_chat_member)
    if update.edited_message:
        return _edited(update.edited_message)
    if update.message is None:
        return ()
    if update.message.chat.type in _ROOMS:
        return _in_room(update.message, username)
    return _private(update.message)


def message_id(message: Message) -> str:
    """How a message is named in ids and in `of`: unique within the bot."""
    return f"{message.chat.id}:{message.message_id}"


def seconds(span: timedelta | float | None) -> float:
    """A time span of python-telegram-bot's, which is a number or a timedelta by its version."""
    return span.total_seconds() if isinstance(span, timedelta) else span or 0.0


def _private(message: Message) -> tuple[Event, ...]:
    event = _from_person(message)
    if event is None:
        return ()
    if message.text is not None:
        return (replace(event, kind="words", text=_unslashed(clean(message.text))),)
    event = replace(event, text=clean(message.caption or ""), album=message.media_group_id or "")
    if attachment := _attachment(message):
        return (replace(event, kind="media", attachments=(attachment,)),)
    if message.location:
        return (_place(message, event),)
    kind = _unusable(message)
    return (replace(event, value=kind),) if kind else ()


def _from_person(message: Message) -> Event | None:
    """The event that a message begins as; None where no person wrote it to us in private."""
    sender = message.from_user
    if message.chat.type != ChatType.PRIVATE or sender is None or sender.is_bot:
        return None
    return Event(
        channel=NAME,
        id=message_id(message),
        line=str(message.chat.id),
        at=message.date,
        kind="unknown",
        can=CAN,
        language=_language(sender),
        quoted=_quoted(message.reply_to_message),
    )


def _quoted(above: Message | None) -> str:
    """The first word of the message of ours that this one was written below."""
    ours = above is not None and above.from_user is not None and above.from_user.is_bot
    words = clean(above.text or "").split(maxsplit=1) if above and ours else ()
    return words[0][:20] if words else ""


def _unslashed(words: str) -> str:
    """Commands are words here: "/menu@our_bot" is "menu", and a link's "/start OAK" joins OAK."""
    command = _COMMAND.match(words)
    if command is None:
        return words
    word, rest = command["word"], command["rest"] or ""
    if word.lower() == "start":
        return f"JOIN {rest}" if rest else "MENU"
    return f"{word} {rest}".strip()


def _attachment(message: Message) -> Attachment | None:
    if message.photo:
        best = max(message.photo, key=_pixels)
        return Attachment(kind="photo", ref=best.file_id, type="image/jpeg", bytes=best.file_size or 0)
    if sound := message.voice or message.audio:
        return Attachment(
            kind="voice",
            ref=sound.file_id,
            type=sound.mime_type or "",
            bytes=sound.file_size or 0,
            seconds=round(seconds(sound.duration)),
        )
    if message.document and not message.animation:
        return _sent_as_file(message.document)
    return None


def _pixels(size: PhotoSize) -> int:
    return size.width * size.height


def _sent_as_file(document: Document) -> Attachment | None:
    """Pictures and recordings are often sent as files, to keep them at their full size."""
    claimed = document.mime_type or ""
    if claimed in ("", "application/octet-stream"):
        claimed = mimetypes.guess_type(document.file_name or "", strict=False)[0] or claimed
    size = document.file_size or 0
    if claimed.startswith("image/"):
        return Attachment(kind="photo", ref=document.file_id, type=claimed, bytes=size)
    if claimed.startswith("audio/"):
        return Attachment(kind="voice", ref=document.file_id, type=claimed, bytes=size)
    return None


def _place(message: Message, event: Event) -> Event:
    place, venue = message.location, message.venue
    named = clean(", ".join(part for part in (venue.title, venue.address) if part)) if venue else ""
    where = f"{place.latitude},{place.longitude}" if place else ""
    return replace(event, kind="place", value=where, text=named)


def _unusable(message: Message) -> str:
    """What it was that we cannot use; "" for Telegram's own notices, such as a pinned message."""
    for kind in _UNUSABLE:
        if getattr(message, kind):
            return kind
    # Fields that the SDK does not know are most likely a new kind of message: say so, never ignore.
    return "new" if message.api_kwargs else ""


def _edited(message: Message) -> tuple[Event, ...]:
    event = _from_person(message)
    # A shared live position "edits" its message every few seconds: those have no words.
    if event is None or not (message.text or message.photo or message.caption):
        return ()
    at = message.edit_date or message.date
    words = _unslashed(clean(message.text)) if message.text else clean(message.caption or "")
    edit_id = f"{event.id}:{int(at.timestamp())}"
    return (replace(event, kind="edit", id=edit_id, at=at, of=event.id, text=words),)


def _press(query: CallbackQuery, now: datetime) -> Event:
    message = query.message
    in_room = message is not None and message.chat.type in _ROOMS
    _, question, key = [*(query.data or "").split(":", 2), "", ""][:3]
    ours = bool((query.data or "").startswith("a:") and question and key)
    return Event(
        channel=NAME,
        id=f"cb:{query.id}",
        line=str(query.from_user.id),
        at=now,
        kind="press" if ours else "unknown",
        can=CAN,
        value=key if ours else "button",
        question=question if ours else "",
        of=f"{message.chat.id}:{message.message_id}" if message else "",
        session=query.id,
        room=str(message.chat.id) if message and in_room else "",
        language=_language(query.from_user),
    )


def _blocked(change: ChatMemberUpdated) -> tuple[Event, ...]:
    """Somebody blocks the bot, or deletes its chat, which Telegram takes for the same; or comes back."""
    before, after = change.old_chat_member.status, change.new_chat_member.status
    if change.chat.type != ChatType.PRIVATE or before == after:
        return ()
    meaning = {ChatMemberStatus.BANNED: "blocked", ChatMemberStatus.MEMBER: "unblocked"}
    if after not in meaning:
        return ()
    return (
        Event(
            channel=NAME,
            id=f"{change.chat.id}:member:{int(change.date.timestamp())}:{after}",
            line=str(change.chat.id),
            at=change.date,
            kind="optout",
            can=CAN,
            value=meaning[ChatMemberStatus(after)],
            language=_language(change.from_user),
        ),
    )


def _in_room(message: Message, username: str) -> tuple[Event, ...]:
    """Only what is meant for us: we do not listen to what people say to each other."""
    event = Event(
        channel=NAME,
        id=message_id(message),
        line=_speaker(message),
        at=message.date,
        kind="words",
        can=CAN,
        room=str(message.chat.id),
        language=_language(message.from_user),
    )
    if message.migrate_to_chat_id:
        return (replace(event, kind="unknown", line="", value=f"migrated:{message.migrate_to_chat_id}"),)
    command = _COMMAND.match(clean(message.text or ""))
    if command is None or not event.line or command["word"].lower() not in _ROOM_COMMANDS:
        return ()
    if command["bot"] and username and command["bot"].lower() != username.lower():
        return ()
    words = f"{command['word'].lower()} {command['rest'] or ''}".strip()
    return (replace(event, text=words),)


def _speaker(message: Message) -> str:
    """Who wrote in a room: a person, the room itself for an anonymous administrator, "" for bots."""
    if message.sender_chat:
        return str(message.chat.id) if message.sender_chat.id == message.chat.id else ""
    sender = message.from_user
    return str(sender.id) if sender and not sender.is_bot else ""


def _language(person: User | None) -> str:
    return (person.language_code or "") if person else ""
