"""Writes what a group was given into a folder: a table, JSON, the files, and a count of all."""

import csv
import io
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from storage.given.reading import Contribution, plain
from storage.members.groups import Complaint, Home

COLUMNS = (
    *("id", "flow", "member", "channel", "at", "text", "answers", "audience", "practice", "media"),
    "hidden",
)
ENDINGS = {
    "application/pdf": "pdf",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/webm": "webm",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
}
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")  # spreadsheets run cells that begin so


def plain_cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    words = "" if value is None else str(value)
    return f"'{words}" if words.startswith(RISKY) or words.lstrip().startswith(RISKY) else words


def file_name(sha256: str, type_: str) -> str:
    return f"{sha256}.{ENDINGS.get(type_, 'bin')}"


async def write(
    folder: Path,
    home: Home,
    found: Sequence[Contribution],
    load: Callable[[str], Awaitable[bytes]],
    *,
    now: datetime,
) -> int:
    """Write everything into an empty folder; how many files came along. The manifest is written last."""
    _empty(folder)
    files = {file.sha256: file for one in found for file in one.media if file.sha256}
    for sha256, file in files.items():
        _write(folder / "media" / file_name(sha256, file.type), await load(sha256))
    _write(folder / "contributions.json", _json([plain(one, marked=True) for one in found]))
    _write(folder / "contributions.csv", _csv(found))
    manifest = {
        "group": home.code,
        "name": home.name,
        "written_at": now.isoformat(timespec="seconds"),
        "contributions": len(found),
        "files": len(files),
        "files_still_to_come": sum(1 for one in found for file in one.media if not file.sha256),
    }
    _write(folder / "manifest.json", _json(manifest))
    return len(files)


def _empty(folder: Path) -> None:
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Complaint(f"{folder.name} is not an empty folder: name one that is, or a new one.")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Complaint(f"That folder cannot be used ({error.strerror}): name another one.") from None


def _csv(found: Sequence[Contribution]) -> bytes:
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for one in found:
        row = asdict(one) | {
            "answers": json.dumps(one.answers, ensure_ascii=False) if one.answers else "",
            "practice": "yes" if one.practice else "no",
            "media": " ".join(file_name(file.sha256, file.type) for file in one.media if file.sha256),
        }
        rows.writerow([plain_cell(row[name]) for name in COLUMNS])
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
