"""What is said, as calls of the Bot API: messages, buttons, pictures, polls in a group. Pure.

Parcels name methods of python-telegram-bot's `Bot`; their params are JSON.
Limits: https://core.telegram.org/bots/api (sendMessage, InlineKeyboardButton, answerCallbackQuery).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from channels.base import Parcel
from channels.telegram_in import NAME
from channels.text import is_scale, listed, scale_ends, several_hint
from flows.events import Option, Question, Say, Shown
from flows.readable import pieces
from flows.sentences import Sentences

LONGEST_TEXT = 4096  # UTF-16 code units, as all of Telegram's lengths
LONGEST_CAPTION = 1024
LONGEST_POP_UP = 200
LONGEST_DATA = 64  # bytes
LONGEST_LABEL = 32  # what a small phone shows of a button without cutting it
SCALE_ROW = 5

NO_PREVIEW = {"is_disabled": True}  # a preview would push the question out of sight

_PHOTOS = frozenset({"image/jpeg", "image/png", "image/webp"})
_VOICE_NOTES = frozenset({"audio/ogg", "audio/opus"})
_MUSIC = frozenset({"audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/m4a"})


def parcels(say: Say, line: str, words: Sentences) -> tuple[Parcel, ...]:
    """One thing to say: its files first, then its words, with the buttons below the last of them."""
    files = [parcel for shown in say.shown for parcel in _passed_on(shown, line)]
    return (*files, *_messages(_with_choices(say, words), line, _buttons(say.question, words)))


def room_poll(room: str, question: Question, turnout: str, words: Sentences, *, message: str = "") -> Parcel:
    """A poll as a group chat sees it: buttons, and how many have voted in words, never who or what.

    `message` ("chat:message") is the one to bring up to date; "" sends a new one.
    """
    said = Say(text=f"{question.text}\n\n{turnout}", question=question)
    return _room_message(room, _with_choices(said, words), message, _buttons(question, words, may_skip=False))


def room_words(room: str, words: str, *, message: str = "") -> Parcel:
    """Words for a group chat, in place of those of `message` ("chat:message") and its buttons."""
    return _room_message(room, words, message, None)


def pop_up(query: str, words: str, *, alert: bool = False) -> Parcel:
    """The answer to a button: a line that fades, or with `alert` a box that is closed by hand."""
    text = _shortened(words, LONGEST_POP_UP)
    params = {"callback_query_id": query, "text": text, "show_alert": alert}
    return Parcel(channel=NAME, line="", method="answer_callback_query", params=params)


def _messages(words: str, line: str, buttons: Mapping[str, Any] | None) -> Iterable[Parcel]:
    texts = pieces(words, LONGEST_TEXT) if words.strip() else []
    for n, text in enumerate(texts, start=1):
        params: dict[str, Any] = {"chat_id": _chat(line), "text": text, "link_preview_options": NO_PREVIEW}
        if buttons and n == len(texts):
            params["reply_markup"] = buttons
        yield Parcel(channel=NAME, line=line, method="send_message", params=params)


def _room_message(room: str, words: str, message: str, buttons: Mapping[str, Any] | None) -> Parcel:
    # A message that is brought up to date cannot grow a second one.
    params: dict[str, Any] = {
        "chat_id": _chat(room),
        "text": _shortened(words, LONGEST_TEXT),
        "link_preview_options": NO_PREVIEW,
    }
    if buttons:
        params["reply_markup"] = buttons
    if not message:
        return Parcel(channel=NAME, line=room, method="send_message", params=params)
    chat, _, number = message.rpartition(":")
    params |= {"chat_id": _chat(chat), "message_id": int(number)}
    return Parcel(channel=NAME, line=room, method="edit_message_text", params=params)


def _with_choices(say: Say, words: Sentences) -> str:
    """The words, and below them what the buttons alone would not tell."""
    question = say.question
    text = say.text or (question.text if question else "")
    if question is None:
        return text
    if is_scale(question):
        below = scale_ends(question.options, words)
    elif _are_listed(question):
        below = listed(question.options)
    else:
        below = ""
    if "several" in question.takes:
        below = f"{below}\n{several_hint(question, words)}"
    return f"{text}\n\n{below}".strip()


def _are_listed(question: Question) -> bool:
    """Whether the options stand in the text too, numbered: to type several, or to read long ones."""
    return "several" in question.takes or any(_units(o.label) > LONGEST_LABEL for o in question.options)


def _buttons(question: Question | None, words: Sentences, *, may_skip: bool = True) -> dict[str, Any] | None:
    if question is None:
        return None
    rows = _scale_rows(question) if is_scale(question) else _list_rows(question)
    if question.optional and may_skip:
        skip = Option(key="skip", label=words("choose.skip button"))
        rows.append([_button(question, skip, skip.label, "")])
    return {"inline_keyboard": rows} if rows else None


def _scale_rows(question: Question) -> list[list[dict[str, str]]]:
    numbers = [(n, o) for n, o in enumerate(question.options, start=1) if o.key.isdecimal()]
    steps = [_button(question, option, option.key, str(n)) for n, option in numbers]
    rows = [steps[first : first + SCALE_ROW] for first in range(0, len(steps), SCALE_ROW)]
    others = [(n, o) for n, o in enumerate(question.options, start=1) if not o.key.isdecimal()]
    return rows + [[_button(question, option, option.label, str(n))] for n, option in others]


def _list_rows(question: Question) -> list[list[dict[str, str]]]:
    with_number = _are_listed(question)
    return [
        [_button(question, option, f"{n} {option.label}" if with_number else option.label, str(n))]
        for n, option in enumerate(question.options, start=1)
    ]


def _button(question: Question, option: Option, label: str, position: str) -> dict[str, str]:
    data = f"a:{question.id}:{option.key}"
    if len(data.encode()) > LONGEST_DATA:
        # A long key does not fit: its position says the same, as on a telephone's keys.
        data = f"a:{question.id}:{position}"
    return {"text": _shortened(label, LONGEST_LABEL), "callback_data": data}


def _passed_on(shown: Shown, line: str) -> Iterable[Parcel]:
    method, names = _way(shown)
    caption, *rest = pieces(shown.words, LONGEST_CAPTION) if shown.words.strip() else [""]
    params = {"chat_id": _chat(line), names: shown.media}
    if caption:
        params["caption"] = caption
    yield Parcel(channel=NAME, line=line, method=method, params=params, files=(shown,))
    yield from _messages("\n".join(rest), line, None)


def _way(shown: Shown) -> tuple[str, str]:
    """The method that shows a file best, and the parameter that names it."""
    if shown.kind == "photo" and shown.type in _PHOTOS:
        return "send_photo", "photo"
    if shown.kind == "voice" and shown.type in _VOICE_NOTES:
        return "send_voice", "voice"
    if shown.kind == "voice" and shown.type in _MUSIC:
        return "send_audio", "audio"
    return "send_document", "document"


def _chat(line: str) -> int | str:
    return int(line) if line.removeprefix("-").isdecimal() else line


def _shortened(words: str, longest: int) -> str:
    if _units(words) <= longest:
        return words
    return pieces(words, longest - 1)[0].rstrip() + "…"


def _units(words: str) -> int:
    return len(words.encode("utf-16-le")) // 2
