"""What a flow may ask about the line that something came on, and about who is there."""

from collections.abc import Callable, Mapping

from flows.turns.turning import Turn

FACTS: Mapping[str, Callable[[Turn], str]] = {
    "known": lambda t: "yes" if t.member and (t.member.way.known or t.proved) else "no",
    "shared line": lambda t: "yes" if t.member and t.member.way.shared else "no",
    "withheld": lambda t: "no" if t.event.line else "yes",
    "proved": lambda t: "yes" if t.proved else "no",
    "named aloud": lambda t: "yes" if t.member and t.member.notice and t.member.notice.greet else "no",
    "doubted": lambda t: "yes" if t.member and t.member.way.doubted else "no",
}
