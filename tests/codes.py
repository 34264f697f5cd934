"""What storage would find of codes, member numbers and PINs, for conversations that are only played."""

from dataclasses import dataclass, field, replace

from flows.effects import Linked
from flows.lines import Opened, Person
from flows.state import Conversation, Frame, Member
from storage.lines.guessing import CODES
from tests.scenes import MARY, Scene

LINK, BACK = "493021", "6204817"  # Mary's, by which another phone is linked, or takes the place of hers
JO = Member(id="m2", name="Jo", number="2290")


@dataclass
class Codes:
    """Mary takes part by another phone; her number is 7730 and her PIN 7305. Each code works once."""

    scene: Scene
    wrong: int = 0
    works: set[str] = field(default_factory=lambda: {LINK, BACK})

    def code(self, code: str) -> Opened:
        if self.wrong >= CODES.each:
            return Opened(result="closed")
        if code not in self.works:
            self.wrong += 1
            return Opened()
        me = self.scene.member
        if code == LINK and me and me.id == MARY.id:
            return Opened(result="own")
        return Opened(result="right", kind="link" if code == LINK else "back", same=me is not None, code=code)

    def number(self, asked: str) -> Opened:
        if asked.split("|")[1:] != [MARY.number, "7305"]:
            return self.code("")
        return self.code(BACK)

    def use(self, asked: str) -> Opened:
        code = asked.partition("|")[0]
        self.works.discard(code)
        return Opened(result="right", kind="link" if code == LINK else "back", person=self._mary())

    def _mary(self) -> Person:
        """She is in the middle of her diary."""
        diary = self.scene.flows.current["diary"]
        frame = Frame(id="f1", flow="diary", version=diary.version, gift="g1")
        talk = Conversation(frames=(frame,), away=True)
        return Person(member=MARY, group=self.scene.group, conversation=talk)

    def part(self) -> Opened:
        return Opened(
            result="right", person=Person(member=JO, group=self.scene.group, conversation=Conversation())
        )

    def joined(self) -> bool:
        return any(isinstance(one, Linked) and one.how == "one person" for one in self.scene.effects)


def opening(scene: Scene) -> Scene:
    """The same, where codes can be tried. It is given last: what comes after would be another scene."""
    whole = replace(scene)
    codes = Codes(whole)
    whole.looks = {
        **scene.looks,
        "code": codes.code,
        "number": codes.number,
        "use code": codes.use,
        "part": codes.part,
        "joined": codes.joined,
        "new code": lambda: LINK,
    }
    return whole
