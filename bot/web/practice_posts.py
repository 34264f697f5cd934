"""How a post on a practice phone is shown: words, buttons, parts, pictures; as JSON for the page."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from bot.practice.phones import OWN
from channels.sms import PARTS
from flows.events import Shown
from flows.readable import part_by_part, units
from storage.running.practice import Post

PHONES = {"telegram": "telegram", "sms": "sms", "voice": "call"}  # which phone shows which channel


def shown(post: Post, ringing: Collection[str], links: Callable[[Shown], str]) -> dict[str, Any]:
    """One post. `ringing` are the messages that ring just now; `links` gives a stored file's address."""
    parcel = post.parcel
    params: Mapping[str, Any] = parcel["params"]
    words = str(params.get("text") or params.get("caption") or params.get("body") or "")
    own = parcel["method"] == OWN
    view: dict[str, Any] = {
        "id": post.id,
        "phone": PHONES[parcel["channel"]],
        "from": "you" if own else "takepart",
        "at": post.at.isoformat(),
        "text": words,
        "files": [] if own else [_file(Shown(**one), links) for one in parcel["files"]],
        "sent": list(params.get("files", ())) if own else [],
        "pressed": bool(params.get("pressed")),
        "buttons": _buttons(params),
    }
    if parcel["channel"] == "sms" and words:
        view["parts"] = part_by_part(words)
        view["length"] = units(words)
        view["most"] = PARTS
    if parcel["method"] == "call":
        view["outbox"] = parcel["outbox"]
        view["ringing"] = parcel["outbox"] in ringing
    return view


def _buttons(params: Mapping[str, Any]) -> list[list[dict[str, str]]]:
    rows = params.get("reply_markup", {}).get("inline_keyboard", [])
    return [[{"text": one["text"], "data": one["callback_data"]} for one in row] for row in rows]


def _file(file: Shown, links: Callable[[Shown], str]) -> dict[str, str]:
    return {"kind": file.kind, "url": links(file), "name": file.name, "words": file.words, "type": file.type}
