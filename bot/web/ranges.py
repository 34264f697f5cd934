"""A part of a file, for browsers that seek in a recording (RFC 9110, section 14)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What of a file is given: 200 with all of it, 206 with a part, 416 where it has no such part."""

    status: int
    data: bytes
    headers: Mapping[str, str]


def part(data: bytes, wanted: str) -> Part:
    """The part that a Range header asks for; all, where it asks for none, or for several at once."""
    found = _RANGE.fullmatch(wanted.strip())
    ends = _ends(found[1], found[2], len(data)) if found else None
    if ends is None:
        return Part(status=200, data=data, headers={"Accept-Ranges": "bytes"})
    first, last = ends
    if first > last:
        return Part(status=416, data=b"", headers={"Content-Range": f"bytes */{len(data)}"})
    said = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {first}-{last}/{len(data)}"}
    return Part(status=206, data=data[first : last + 1], headers=said)


def _ends(first: str, last: str, size: int) -> tuple[int, int] | None:
    """The first and the last byte; None where the words ask for nothing. `-500` asks for the last 500."""
    if not first:
        return (max(0, size - int(last)), size - 1 if int(last) else -1) if last else None
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1
