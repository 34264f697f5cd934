"""WAYS: what a member wants to get from us, and by which channel."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from flows.effects import Choose, Effect
from flows.state import CHANNELS, PURPOSES, Wants
from flows.turns.turning import Turn

NOTHING = "none"


def wants(t: Turn) -> Wants:
    """What they have and want, as far as this turn has come."""
    return changed(t.look("wants"), t.effects)


def changed(found: Wants, effects: Iterable[Effect]) -> Wants:
    """What they want once these have been carried out."""
    unwanted = set(found.unwanted)
    for one in effects:
        if isinstance(one, Choose):
            change = unwanted.discard if one.wanted else unwanted.add
            change((one.channel, one.purpose))
    return Wants(has=found.has, unwanted=frozenset(unwanted))


def standing(t: Turn, channel: str) -> str:
    """Whether they want anything by a channel: yes, no, or none where they don't use it."""
    now = wants(t)
    if channel not in now.has:
        return NOTHING
    return "no" if (channel, "") in now.unwanted else "yes"


def summary(t: Turn) -> str:
    """What they get now and how, in a sentence or two."""
    now = wants(t)
    open_ = [one for one in CHANNELS if one in now.has and (one, "") not in now.unwanted]
    if not open_:
        return t.phrase("ways.none")
    said = [t.phrase("ways.by", ways=_listed(t, open_))]
    without = [one for one in PURPOSES if not _ways(now, open_, one)]
    if without:
        said.append(t.phrase("ways.without", what=_listed(t, without)))
    for one in PURPOSES:
        by = _ways(now, open_, one)
        if by and by != open_:
            said.append(t.phrase("ways.only", what=t.phrase(f"ways.{one}"), ways=_listed(t, by)))
    return " ".join(said)


def _ways(now: Wants, open_: Sequence[str], purpose: str) -> list[str]:
    return [one for one in open_ if (one, purpose) not in now.unwanted]


def _listed(t: Turn, what: Sequence[str]) -> str:
    return t.several([t.phrase(f"ways.{one}") for one in what])


def channel(*, wanted: bool) -> Callable[[Turn, str], None]:
    """Whether anything may come first by the channel that the flow names."""

    def deed(t: Turn, name: str) -> None:
        t.do(Choose(channel=name, purpose="", wanted=wanted))

    return deed


def choose(t: Turn, _: str) -> None:
    """What `what` names comes by the way that `how` names: any, none, or one channel alone."""
    purpose, by = t.key("what"), t.key("how")
    if purpose in PURPOSES and by:
        for channel in CHANNELS:
            t.do(Choose(channel=channel, purpose=purpose, wanted=by in ("any", channel)))


DEEDS: Mapping[str, Callable[[Turn, str], None]] = {
    "allow": channel(wanted=True),
    "refuse": channel(wanted=False),
    "choose": choose,
}
