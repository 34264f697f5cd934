"""Flow files: what is refused and how to mend it, versions that stay, and texts for everybody."""

import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import get_args

import pytest
import yaml

from flows import turns
from flows.document import ALLOWED, HEADINGS, KINDS, load
from flows.events import Ask
from flows.files.lines import FlowError
from flows.library import Flows
from flows.polls import Worded
from flows.steps import AskStep, KeepStep
from flows.turns.deeds import DEEDS
from flows.turns.facts import FACTS, NAMES, OVER
from flows.wording import Text, Wording, pick
from tests.doors import WELSH as WORDED
from tests.people import somebody
from tests.scenes import BRIEF, GROUP, MARY, VOTE, shipped

ROOT = Path(__file__).parent.parent
PHRASES = (ROOT / "flows" / "ways" / "phrases.yaml").read_text(encoding="utf-8")
HEAD = "flow: tea\nmenu: Tea\nwords: [tea]\nsteps:\n"
MENU = (
    "flow: menu\nsteps:\n  - ask: way\n    say: What now?\n    accept: {choice: flows}\n"
    "  - go: {answer: way}\n"
)


def flows(**bodies: str) -> Flows:
    """Flows from these files, with a menu and the sentences of the house."""
    sources = {f"{name}.yaml": body for name, body in bodies.items()}
    return load({"phrases.yaml": PHRASES, "menu.yaml": MENU, **sources})


REFUSED = yaml.safe_load((ROOT / "tests" / "cases" / "flows" / "refused.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", [pytest.param(case, id=case["wrong"]) for case in REFUSED])
def test_a_fault_is_told_with_its_place_and_how_to_mend_it(case: dict[str, str]) -> None:
    with pytest.raises(FlowError) as caught:
        flows(tea=case["file"])
    complaint = str(caught.value)
    assert complaint.startswith("tea.yaml, line")
    assert case["wrong"] in complaint
    assert case["remedy"] in complaint.partition(case["wrong"])[2]


def test_two_flows_may_not_have_the_same_word() -> None:
    with pytest.raises(FlowError, match="the word 'tea' opens 'tea' already"):
        flows(tea=HEAD + "  - say: Hello", more="flow: more\nwords: [tea]\nsteps: []")


def test_no_and_yes_mean_what_they_say() -> None:
    made = flows(tea=HEAD + "  - ask: a\n    say: A?\n    optional: no\n    review: no")
    (step,) = [step for step in made.current["tea"].steps if isinstance(step, AskStep)]
    assert (step.optional, step.review) == (False, False)


# Versions
OLD = f"""{HEAD}  - ask: sort
    say: Which tea?
  - ask: milk
    say: With milk?
  - keep: diary
    say: Kept.
"""
NEW = OLD.replace("With milk?", "Any milk, or lemon?")


def test_a_running_conversation_stays_on_the_version_it_began_with() -> None:
    person = somebody("sms", flows=flows(tea=OLD))
    person.writes("tea")
    old = person.scene.flows.current["tea"]
    changed = load({"phrases.yaml": PHRASES, "menu.yaml": MENU, "tea.yaml": NEW}, {old.version: OLD})
    person.scene.flows = changed
    assert person.writes("Green") == "With milk?"
    person.writes("No milk, please", "tea")
    assert person.writes("Black") == "Any milk, or lemon?"


def test_the_version_changes_with_the_text_and_only_with_it() -> None:
    versions = [flows(tea=body).current["tea"].version for body in (OLD, OLD, NEW)]
    assert versions[0] == versions[1] != versions[2]


# Languages and forms
TEXT = {"en": "Tea", "en.easy": "Tea!", "en.voice": "Say tea", "cy": "Te", "cy.voice": "Dwedwch te"}


@pytest.mark.parametrize(
    ("language", "form", "spoken", "expected"),
    [
        ("en", "plain", False, "Tea"),
        ("en", "easy", False, "Tea!"),
        ("en", "plain", True, "Say tea"),
        ("en", "easy", True, "Say tea"),
        ("cy", "plain", False, "Te"),
        ("cy", "easy", False, "Te"),
        ("cy", "plain", True, "Dwedwch te"),
        ("pl", "plain", False, "Tea"),
        ("pl", "easy", True, "Say tea"),
    ],
)
def test_the_wording_for_a_person(language: str, form: str, spoken: bool, expected: str) -> None:
    assert pick(TEXT, language, form, spoken=spoken) == expected
    ready = Text(TEXT).spoken if spoken else Text(TEXT).written
    assert ready[language, form].text == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No names. { } {Name}", "No names. { } {Name}"),
        ("Hello {first name}.", "Hello Ada."),
        ("Hello {nobody}, welcome.", "Hello, welcome."),
        ("It is kept {nobody}.", "It is kept."),
        ("{helper} can read it.", "The facilitators can read it."),
        ("It is kept. {helper} can read it, {first name}", "It is kept. The facilitators can read it, Ada"),
        ("Ask {helper}.", "Ask the facilitators."),
    ],
)
def test_names_in_a_text(text: str, said: str) -> None:
    known = {"first name": "Ada", "nobody": "", "helper": "the facilitators"}
    assert Wording.of(text).fill(known.__getitem__) == said


def test_what_is_not_translated_falls_back_and_is_never_blank() -> None:
    assert pick({"cy": "Te"}, "pl", "easy", spoken=True) == "Te"


WELSH = (
    "flow: te\nmenu: {en: Tea, cy: Te}\nwords: [te]\nsteps:\n  - ask: sort\n    say: Which tea?\n"
    "    easy: Which?\n    voice: Say which tea.\n    cy: {say: 'Pa de?', voice: Dwedwch pa de.}\n"
    "    accept: {choice: [{key: green, say: Green, cy: Gwyrdd}, {key: black, say: Black}]}\n"
)


@pytest.mark.parametrize(
    ("language", "form", "channel", "expected"),
    [
        ("en", "plain", "sms", "Which tea?\n1 Green\n2 Black"),
        ("en", "easy", "sms", "Which?\n1 Green\n2 Black"),
        ("cy", "plain", "sms", "Pa de?\n1 Gwyrdd\n2 Black"),
        ("pl", "plain", "sms", "Which tea?\n1 Green\n2 Black"),
        ("cy", "plain", "voice", "Dwedwch pa de."),
    ],
)
def test_a_flow_speaks_the_members_language(language: str, form: str, channel: str, expected: str) -> None:
    member = replace(MARY, language=language, form=form)
    person = somebody("sms", flows=flows(te=WELSH), member=member)
    person.writes("te")
    person.channel = channel
    assert person.writes("repeat") == expected


def test_each_voice_says_what_is_in_its_language() -> None:
    brief = replace(BRIEF, parts={"en": ("Two routes.",), "cy": ("Dau lwybr.",)})
    poll = replace(VOTE, versions={("cy", "plain"): Worded(question="Ble?", options=("Yma", "Acw"))})
    ways = {name: (ROOT / "flows" / "ways" / f"{name}.yaml").read_text("utf-8") for name in ("brief", "vote")}
    scene = {"member": replace(MARY, language="cy"), "group": replace(GROUP, briefs=(brief,), polls=(poll,))}
    person = somebody("voice", flows=flows(te=WELSH, **ways), **scene)
    person.rings()
    assert {say.language for say in person.says} == {"en"}  # nobody has put into Welsh what we say first
    person.writes("brief")
    assert [say.language for say in person.says] == ["en", "cy", "en"]
    assert person.says[1].text == "Dau lwybr."
    person.writes("vote")
    assert [(say.language, say.text) for say in person.says] == [("cy", "Ble?")]
    person.writes("te")
    assert [(say.language, say.spoken) for say in person.says] == [("cy", "Dwedwch pa de.")]
    person.does("silence")
    assert [say.language for say in person.says] == ["en", "cy"]  # that nothing was heard, and the question


def test_what_a_group_asks_people_to_agree_to_is_said_in_a_voice_of_their_language() -> None:
    two = replace(GROUP, rules=replace(GROUP.rules, languages=("en", "cy")), wordings={"join": WORDED})
    person = somebody("voice", group=two, member=None)
    person.rings()
    person.presses("1", "2")
    assert "Cadwn eich geiriau." in person.says[-1].spoken and person.says[-1].language == "cy"


# The shipped flows
BUILT = re.compile(r'f"([a-z ]+[. ][a-z. ]*)\{')  # names that are put together begin like this


def test_every_sentence_of_the_house_is_used_and_every_one_used_is_there() -> None:
    files = (file for room in ("flows", "channels", "storage", "bot") for file in (ROOT / room).rglob("*.py"))
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    named = set(re.findall(r'(?:tell|phrase|spoken|words)\(\s*"([a-z][a-z .]+)"', code))
    known = set(shipped().phrases)
    assert named <= known
    built = ("language.", *BUILT.findall(code))
    assert {name for name in known if f'"{name}"' not in code and not name.startswith(built)} == set()


def test_who_is_recorded_for_keeping_hears_of_the_tone_and_of_the_keeping() -> None:
    for flow in shipped().current.values():
        spoken = [getattr(step, "text", {}).get("en.voice", "") for step in flow.steps]
        if any(isinstance(step, KeepStep) and flow.menu for step in flow.steps):
            assert any("tone" in words and "is kept" in words for words in spoken), flow.name


def test_a_group_may_add_a_flow_and_it_stands_in_the_menu() -> None:
    person = somebody("sms", flows=flows(tea=OLD), group=GROUP)
    assert "1 Tea" in person.writes("menu")
    assert "Which tea?" in person.writes("1")


def test_an_answer_in_a_groups_own_flow_changes_no_vote() -> None:
    steps = "steps:\n  - ask: how many\n    say: How many?\n    optional: true\n  - say: Thanks."
    theirs = {one.name: one.read_text(encoding="utf-8") for one in (ROOT / "flows" / "ways").glob("*.yaml")}
    both = load(theirs | {"count.yaml": f"flow: count\nwords: [count]\n{steps}"})
    person = somebody("sms", flows=both, group=replace(GROUP, polls=(VOTE,)))
    person.writes("vote", "1", "count")
    assert person.writes("2") == "Thanks."


# The guide for those who write flows
GUIDE = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")


def test_the_guide_names_all_that_a_flow_can_hold() -> None:
    inside = set().union(*ALLOWED.values())
    known = {*KINDS, *HEADINGS, *get_args(Ask), *inside, *FACTS, *NAMES, *OVER, *DEEDS}
    assert sorted(name for name in known if f"`{name}`" not in GUIDE) == []


def test_every_flow_in_the_guide_can_be_used() -> None:
    bodies = re.findall(r"```yaml\n(flow: .*?)```", GUIDE, flags=re.DOTALL)
    assert bodies
    for body in bodies:
        flows(guide=body)


def test_every_step_in_the_guide_can_be_used() -> None:
    pieces = re.findall(r"```yaml\n(- .*?)```", GUIDE, flags=re.DOTALL)
    assert len(pieces) >= len(KINDS)
    for piece in pieces:
        indented = "".join(f"  {line}\n" for line in piece.splitlines())
        asked = "  - ask: story\n    say: What happened?\n  - ask: way\n    say: What now?\n"
        flows(guide="flow: guide\nsteps:\n" + asked + indented)


@pytest.mark.parametrize("mapping", ["DEEDS", "FACTS", "NAMES"])
def test_no_two_parts_of_a_turn_mean_different_things_by_one_name(mapping: str) -> None:
    """They are put together into one vocabulary, where the second would silently replace the first."""
    parts = [import_module(found.name) for found in walk_packages(turns.__path__, "flows.turns.")]
    whole: dict[str, object] = {}
    for part in parts:
        if part.__name__ in ("flows.turns.deeds", "flows.turns.facts"):
            continue  # there they are put together
        for name, meaning in getattr(part, mapping, {}).items():
            assert whole.setdefault(name, meaning) is meaning, name
