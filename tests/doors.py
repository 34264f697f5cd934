"""How things stand at the door, for transcripts: who may come in, and what people agreed to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flows.state import Agreement, Invited, Knock
from flows.wording import Text
from tests.scenes import MARY, Scene

CODE, TRIES = "48219034", 5
CYMRAEG = "Cadwn eich geiriau. Mae {readers} yn eu darllen."
WELSH = Agreement(
    version="ours",
    text=Text({"en": "We keep your words. {readers} read them.", "cy": CYMRAEG}),
    more=Text({"en": "You can leave at any time.", "cy": "Cewch adael unrhyw bryd."}),
)


@dataclass
class Doorkeeper:
    """Knows one invitation, and counts wrong codes."""

    name: str = ""
    wrong: int = 0

    def __call__(self, code: str) -> Knock:
        if self.wrong >= TRIES:
            return Knock(too_many=True)
        if code == CODE:
            return Knock(opens=True, invited=Invited(id="i1", name=self.name))
        self.wrong += 1
        return Knock()


def _rules(**rules: Any) -> Callable[[Scene], Scene]:
    return lambda s: replace(s, group=replace(s.group, rules=replace(s.group.rules, **rules)))


def _member(**more: Any) -> Callable[[Scene], Scene]:
    return lambda s: replace(s, member=replace(s.member or MARY, **more))


GIVEN: Mapping[str, Callable[[Scene], Scene]] = {
    "a group by invitation": _rules(door="invitation"),
    "a person lets people in": _rules(door="approval"),
    "two languages": lambda s: _rules(languages=("en", "cy"))(
        replace(s, group=replace(s.group, wordings={"join": WELSH}))
    ),
    "an invitation": lambda s: s.finds(door=Doorkeeper()),
    "an invitation for Ada": lambda s: s.finds(door=Doorkeeper("Ada")),
    "a used invitation": lambda s: s.finds(door=Doorkeeper(), admit=lambda invitation: "used"),
    "a membership that was ended": lambda s: s.finds(admit=lambda: "ask"),
    "somebody who waits to be let in": _member(state="waiting"),
    "a restore after she stopped": _member(state="stopped"),
    "new words to agree to": _member(agreed={"join": "older"}),
    "agreed to show outside": lambda s: _member(agreed={"outside": s.flows.agreements["outside"]})(s),
    "readers who said what they are": lambda s: replace(
        s, group=replace(s.group, standings=(("works",), ("uses", "cares")), safe_contact="Sam")
    ),
}
