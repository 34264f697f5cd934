"""What people agree to: in which words they are asked, what they said, and taking it back.

For each purpose the house has words of its own (`consent.PURPOSE` in phrases.yaml, and `consent.PURPOSE.more`
for who asks for more). A group may put others in their place.
"""

from collections.abc import Callable, Mapping

from flows.effects import Agree, Withdraw
from flows.turns.frames import drop_overlays, resume
from flows.turns.turning import Turn
from flows.values import replace
from flows.wording import Text

JOINING, OUTSIDE = "join", "outside"


def version(t: Turn, purpose: str) -> str:
    """Which wording for this purpose stands now in the person's group."""
    own = t.group.wordings.get(purpose) if t.group else None
    return own.version if own else t.flows.agreements.get(purpose, "")


def wording(purpose: str, part: str = "") -> Callable[[Turn], Text]:
    """What is asked for a purpose, or said to who asks for more: the group's words, or the house's."""

    def words(t: Turn) -> Text:
        own = t.group.wordings.get(purpose) if t.group else None
        text = (own.more if part else own.text) if own else None
        return text or t.flows.phrases[f"consent.{purpose}{part}"]

    return words


def agrees(t: Turn, purpose: str) -> Agree:
    """That they agree now, to what they were asked in their language and form."""
    form = "voice" if t.on_call else t.form
    return Agree(purpose=purpose, wording=version(t, purpose), language=t.language, form=form)


def agreed(t: Turn, purpose: str) -> bool:
    """Whether they agree to this as it is worded now."""
    return bool(t.member and t.member.agreed.get(purpose) == version(t, purpose))


def outdated(t: Turn) -> bool:
    """Whether they once agreed to be in the group, and what is kept has been worded anew since."""
    said = t.member.agreed.get(JOINING) if t.member else None
    return said is not None and said != version(t, JOINING)


def agree(t: Turn, purpose: str) -> None:
    """Note that the member agrees; what they were asked stands just before this in the flow."""
    if t.member:
        said = agrees(t, purpose)
        t.do(said)
        t.member = replace(t.member, agreed={**t.member.agreed, purpose: said.wording})


def withdraw(t: Turn, purpose: str) -> None:
    """Note that the member agrees no more."""
    if t.member:
        t.do(Withdraw(purpose=purpose))
        t.member = replace(
            t.member, agreed={name: said for name, said in t.member.agreed.items() if name != purpose}
        )


def take_up(t: Turn, _: str) -> None:
    """Back to where they were; what was held is taken up after this."""
    away = t.answer("away") is not None
    drop_overlays(t)
    if away or not t.frames:
        t.away = bool(t.frames)
    elif not t.held:
        resume(t)


def let_go(t: Turn, _: str) -> None:
    """What was held of theirs is not kept: they did not agree."""
    t.held = ()


FACTS: Mapping[str, Callable[[Turn], str]] = {
    "outside agreed": lambda t: "yes" if agreed(t, OUTSIDE) else "no",
}
WORDINGS: Mapping[str, Callable[[Turn], Text]] = {  # names in braces that stand for a whole wording
    "what we keep": wording(JOINING),
    "more on what we keep": wording(JOINING, ".more"),
    "what outside means": wording(OUTSIDE),
}
DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    "agree": agree,
    "withdraw": withdraw,
    "take up": take_up,
    "let go of what was held": let_go,
}
