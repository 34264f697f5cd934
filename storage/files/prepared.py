"""What a file has become when it is ready to be kept, and why some files are not kept."""

from dataclasses import dataclass
from typing import Literal

MB = 1024 * 1024
MOST_BYTES = 20 * MB  # also the most that Telegram gives to a bot
MOST_PIXELS = 50_000_000

Kind = Literal["photo", "voice", "file"]
NOUNS: dict[Kind, str] = {"photo": "photo", "voice": "recording", "file": "file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A file as it will be kept. `kind` and `type` are what it really is; sizes are of pictures only."""

    kind: Kind
    type: str
    data: bytes
    thumb: bytes = b""  # a small JPEG, for pictures
    width: int = 0
    height: int = 0


class Refused(Exception):
    """A file that is not kept: `sentence` is for the operator.

    `name` is what the person who sent it is told: the sentence of the house, about such a `kind` of file.
    """

    def __init__(self, name: str, kind: Kind, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name
        self.kind = kind
        self.sentence = sentence


def too_large(kind: Kind) -> Refused:
    return Refused("file.too large", kind, f"A {NOUNS[kind]} was larger than 20 MB.")


def too_many_pixels() -> Refused:
    return Refused("file.too many pixels", "photo", "A photo had more than 50 megapixels.")


def broken(kind: Kind, fault: str) -> Refused:
    """`fault` names the kind of error alone: a library's message may quote the file."""
    return Refused("file.broken", kind, f"A {NOUNS[kind]} could not be opened ({fault}).")


def not_kept(kind: Kind) -> Refused:
    return Refused("file.not kept", kind, f"A {NOUNS[kind]} was of a kind that is not kept.")


def not_had(kind: Kind, sentence: str) -> Refused:
    """The provider will not give it; `sentence` is the operator's."""
    return Refused("file.not had", kind, sentence)


def video() -> Refused:
    return Refused("file.video", "file", "A video was sent: videos are not kept.")
