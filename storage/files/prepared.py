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
    """A file that is not kept: `said` is for the person who sent it, `sentence` for the operator."""

    def __init__(self, said: str, sentence: str) -> None:
        super().__init__(sentence)
        self.said = said
        self.sentence = sentence


def too_large(kind: Kind) -> Refused:
    noun = NOUNS[kind]
    return Refused(
        f"That {noun} was larger than 20 MB, so we could not keep it. Could you send a smaller one?",
        f"A {noun} was larger than 20 MB.",
    )


def too_many_pixels() -> Refused:
    return Refused(
        "That photo was larger than 50 megapixels, so we could not keep it. Could you send a smaller one?",
        "A photo had more than 50 megapixels.",
    )


def broken(kind: Kind, fault: str) -> Refused:
    """`fault` names the kind of error alone: a library's message may quote the file."""
    noun = NOUNS[kind]
    return Refused(
        f"We could not open that {noun}. Could you send it again?", f"A {noun} could not be opened ({fault})."
    )


def not_kept(kind: Kind) -> Refused:
    return Refused(
        "We could not use that file. You can send a photo or a voice recording, or tell us in words.",
        f"A {NOUNS[kind]} was of a kind that is not kept.",
    )


def not_had(kind: Kind, sentence: str) -> Refused:
    """The provider will not give it; `sentence` is the operator's."""
    noun = NOUNS[kind]
    return Refused(
        f"We could not get that {noun}. It may be too large: 20 MB is the most. Could you send it again, "
        "or a smaller one?",
        sentence,
    )


def video() -> Refused:
    return Refused(
        "We cannot keep videos yet. You can send a photo or a voice recording, or tell us in words.",
        "A video was sent: videos are not kept.",
    )
