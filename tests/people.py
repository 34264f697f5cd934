"""A member in the words of a test: what they do becomes events, what they get back is text."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from channels.text import numbered
from flows.effects import Effect
from flows.events import Abilities, Attachment, Event, Kind, Say
from tests.scenes import Scene, house

CAN = {
    "telegram": Abilities(
        takes=frozenset({"text", "voice", "photo", "place", "press"}),
        buttons=True,
        photos_out=True,
        audio_out=True,
    ),
    "sms": Abilities(takes=frozenset({"text"}), parts=3),
    "voice": Abilities(takes=frozenset({"voice", "press"}), call=True, audio_out=True),
}
SomeEffect = TypeVar("SomeEffect", bound=Effect)


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody and the channel that they use just now. Each deed returns what is said to them."""

    scene: Scene = field(default_factory=Scene)
    channel: str = "telegram"
    says: Sequence[Say] = ()
    last: Event | None = None

    def does(self, kind: Kind, **more: Any) -> str:
        """Any event; returns all that was said, with its choices."""
        can = CAN[self.channel]
        event = Event(
            channel=self.channel, id=self.scene.ids(), line="7", at=self.scene.now, kind=kind, can=can
        )
        event = replace(event, session="call" if can.call else "", **more)
        self.last = event
        self.says = self.scene.take(event)
        return "\n".join(say.spoken or say.text if can.call else numbered(say, house()) for say in self.says)

    def writes(self, *messages: str) -> str:
        """One message after the other; returns what is said to the last."""
        said = [self.does("words", text=words) for words in messages]
        return said[-1]

    def changes(self, event: Event, words: str) -> str:
        """An earlier message of theirs now says something else."""
        return self.does("edit", of=event.id, text=words)

    def presses(self, *values: str, question: str | None = None) -> str:
        """Buttons or keys, for the current question unless another is named."""
        said = ""
        for value in values:
            asked = self.scene.asked
            named = question if question is not None else asked.id if asked else ""
            said = self.does("press", value=value, question=named)
        return said

    def sends_photo(self, caption: str = "", album: str = "") -> str:
        photo = Attachment(kind="photo", ref=self.scene.ids())
        return self.does("media", text=caption, album=album, attachments=(photo,))

    def speaks(self, key: str = "1", seconds: int = 9) -> str:
        """A recording, ended with a key; "" is silence."""
        sound = Attachment(kind="voice", ref=self.scene.ids(), seconds=seconds)
        return self.does("media", value=key, attachments=(sound,))

    def rings(self) -> str:
        self.channel = "voice"
        return self.does("call")

    def hangs_up(self) -> None:
        self.does("hangup")

    def of(self, kind: type[SomeEffect]) -> list[SomeEffect]:
        """What was to be stored so far, of one kind."""
        return [effect for effect in self.scene.effects if isinstance(effect, kind)]

    @property
    def labels(self) -> list[str]:
        """The choices that were shown last."""
        question = self.says[-1].question if self.says else None
        return [option.label for option in question.options] if question else []


def somebody(channel: str = "telegram", **scene: Any) -> Person:
    """A member of the Garden Group, unless the scene says otherwise."""
    return Person(scene=Scene(**scene), channel=channel)
