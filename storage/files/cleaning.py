"""Makes what somebody sent fit to keep, or refuses it; judged by its content, whatever it is called."""

import asyncio

from storage.files import sounds
from storage.files.prepared import MOST_BYTES, Kind, Prepared, not_kept, too_large, video


async def prepare(data: bytes, kind: Kind) -> Prepared:
    """Make a file fit to keep; raise Refused.

    `kind` is what was expected: it chooses the words of a refusal, and only a "file" may be a PDF.
    """
    return await asyncio.to_thread(_prepare, data, kind)


def _prepare(data: bytes, kind: Kind) -> Prepared:
    from storage.files import pictures  # slow to load, and not needed before the first file comes

    if len(data) > MOST_BYTES:
        raise too_large(kind)
    if pictures.picture(data):
        return pictures.clean(data)
    if type_ := sounds.sound(data):
        if sounds.moving(data, type_):
            raise video()
        return Prepared(kind="voice", type=type_, data=data)
    if kind == "file" and sounds.pdf(data):
        return Prepared(kind="file", type="application/pdf", data=data)
    raise not_kept(kind)
