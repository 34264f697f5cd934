"""Calls: what a step brings in, and what the caller hears next."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from channels.base import SENT, Parcel, Unreadable
from channels.practice_call import scene
from channels.voice import VoiceChannel, error_answer, one_moment, step_of
from flows.events import Option, Question, Say, Shown
from tests.scenes import house
from tests.twilio_requests import NOW, PUBLIC, account, said_of, table, webhook

LINE = "+447700900123"


def voice(public_url: str = PUBLIC) -> VoiceChannel:
    return VoiceChannel(
        words=house(),
        account=account(),
        number="+447700900001",
        public_url=public_url,
        media_url=lambda shown: f"{PUBLIC}/media/{shown.media}",
    )


def ask(*labels: str, **more: Any) -> Question:
    options = tuple(Option(key=label.lower(), label=label) for label in labels)
    return replace(Question(id="Q1", name="place", text="", takes=("choice",), options=options), **more)


def answered(*says: Say, step: int = 4) -> ElementTree.Element:
    return ElementTree.fromstring(voice().answer(says, step=step))  # noqa: S314  # our own answer


def heard(root: ElementTree.Element) -> list[str]:
    return ["".join(say.itertext()) for say in root.iter("Say")]


@pytest.mark.parametrize("row", table("voice"))
def test_step_becomes_an_event(row: dict[str, Any]) -> None:
    (event,) = voice().decode(webhook(row["path"], row["form"]), NOW)
    assert said_of(event) == row["event"]
    assert (event.channel, event.at, event.can) == ("voice", NOW, voice().can)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/twilio/voice", {}),
        ("/twilio/voice", {"MessageSid": "SM1", "From": LINE, "Body": "a text"}),
        ("/twilio/voice/step?n=x", {"CallSid": "CA1"}),
        ("/twilio/voice/step?n=99999999999", {"CallSid": "CA1"}),
        ("/twilio/voice/step?n=1&as=choice&from=-1", {"CallSid": "CA1", "Digits": "1"}),
        ("/twilio/voice/step?n=1", {"CallSid": "CA1", "RecordingUrl": "u", "RecordingDuration": "long"}),
    ],
)
def test_what_is_no_step_is_unreadable(path: str, form: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        voice().decode(webhook(path, form), NOW)


def test_step_of_an_event_is_its_number() -> None:
    form = {"CallSid": "CA1", "From": LINE, "Digits": "1"}
    (event,) = voice().decode(webhook("/twilio/voice/step?n=12&as=choice", form), NOW)
    assert step_of(event) == 12


def test_menu_says_one_thing_at_a_time_while_keys_work() -> None:
    vote = Option(key="vote", label="Vote", spoken="To vote")
    root = answered(Say(text="Hello.", question=ask("Library", "Café", options=(vote, *ask("Café").options))))
    gather = root[0]
    assert gather.tag == "Gather"
    assert heard(gather) == ["Hello.", "To vote, press 1.", "For Café, press 2."]
    assert [inner.tag for inner in gather] == ["Say", "Pause"] * 3
    assert (
        gather.attrib.items()
        >= {
            "input": "dtmf speech",
            "numDigits": "1",
            "timeout": "7",
            "actionOnEmptyResult": "true",
            "hints": "Vote, Café",
            "action": "/twilio/voice/step?n=5&as=choice&q=Q1",
        }.items()
    )


def test_long_menu_is_told_in_pages_of_eight() -> None:
    many = ask(*"ABCDEFGHIJ")
    first, second = (
        answered(Say(text="Choose.", question=many)),
        answered(Say(text="", question=many, offset=8)),
    )
    assert heard(first)[8:] == ["For H, press 8.", "For more choices, press 9."]
    assert heard(second) == ["For I, press 1.", "For J, press 2."]
    assert "more=8" in first[0].attrib["action"] and "from=8" in second[0].attrib["action"]
    assert "more" not in second[0].attrib["action"]


def test_steps_lie_below_the_path_of_the_public_address() -> None:
    below = voice(f"{PUBLIC}/voices").answer((Say(text="Hello.", question=ask("Library")),), step=4)
    assert scene(below).wait.action == "/voices/twilio/voice/step?n=5&as=choice&q=Q1"


QUESTIONS = {
    "yes or no": (
        ask("Yes", "No", takes=("yes-no",)),
        ["For yes, press 1.", "For no, press 2."],
        "choice",
        "1",
    ),
    "a scale": (
        ask(takes=("scale",), options=tuple(Option(key=str(n), label=f"{n}") for n in range(1, 6))),
        ["Press a number from 1, to 5."],
        "choice",
        "1",
    ),
    "a scale with ends": (
        ask(
            takes=("scale",),
            options=(
                Option(key="1", label="1 (very bad)"),
                Option(key="2", label="2"),
                Option(key="3", label="3 (very good)"),
                Option(key="none", label="Rather not say"),
            ),
        ),
        ["Press a number from 1, very bad, to 3, very good.", "For Rather not say, press 4."],
        "choice",
        "1",
    ),
    "a scale to ten": (
        ask(takes=("scale",), options=tuple(Option(key=str(n), label=f"{n}") for n in range(1, 11))),
        ["Press a number from 1, to 10.", "Then press the hash key."],
        "number",
        None,
    ),
    "several": (
        ask("Tea", "Cake", takes=("several",)),
        [
            "For Tea, press 1.",
            "For Cake, press 2.",
            "Press the number of each one you choose. Then press the hash key.",
        ],
        "several",
        None,
    ),
    "a number": (ask(takes=("number",)), ["Use the number keys. Then press the hash key."], "number", None),
    "a photo, which a call cannot take": (ask(takes=("photo",)), [], "keys", "1"),
    "something to leave out": (
        ask("Tea", optional=True),
        ["For Tea, press 1.", "To leave this question out, press the hash key."],
        "choice",
        "1",
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_kind_of_question_is_put(name: str) -> None:
    question, told, wanted, digits = QUESTIONS[name]
    gather = answered(Say(text="Well?", question=question))[0]
    assert heard(gather) == ["Well?", *told]
    assert f"as={wanted}&" in gather.attrib["action"]
    assert gather.attrib.get("numDigits") == digits
    assert gather.attrib["finishOnKey"] == ("" if digits else "#")


def test_open_question_is_recorded_with_time_to_think() -> None:
    root = answered(Say(text="How was it?", spoken="After the tone, tell us.", question=ask(takes=("text",))))
    assert [verb.tag for verb in root] == ["Say", "Pause", "Record", "Redirect"]
    assert heard(root) == ["After the tone, tell us."]
    assert (
        root[2].attrib.items()
        >= {
            "timeout": "15",
            "maxLength": "300",
            "finishOnKey": "1234567890*#",
            "playBeep": "true",
            "trim": "do-not-trim",
            "action": "/twilio/voice/step?n=5&as=record&q=Q1",
        }.items()
    )
    assert root[3].text == "/twilio/voice/step?n=5&as=silence&q=Q1"


def test_nobody_meets_a_tone_unprepared() -> None:
    root = answered(Say(text="Say more.", record=True))
    assert heard(root)[1] == "Please speak after the tone. Press any key when you finish."


def test_hash_key_is_explained_once() -> None:
    root = answered(Say(text="Key the number. Then press hash.", question=ask(takes=("number",))))
    assert heard(root) == ["Key the number. Then press hash."]


def test_end_hangs_up_and_dial_puts_through() -> None:
    assert [verb.tag for verb in answered(Say(text="Goodbye.", ends=True))] == ["Say", "Pause", "Hangup"]
    dial = answered(Say(text="One moment.", dial="+447700900999"))[-1]
    assert (dial.tag, dial.text, dial.attrib["callerId"]) == ("Dial", "+447700900999", "+447700900001")
    assert dial.attrib["action"] == "/twilio/voice/step?n=5&as=dial"


def test_without_a_question_the_call_listens_and_goes_on() -> None:
    gather = answered(Say(text="Hello."))[0]
    assert gather.attrib["action"] == "/twilio/voice/step?n=5&as=listen"
    assert answered()[0].tag == "Gather"


def test_question_is_heard_last_whatever_the_order() -> None:
    root = answered(Say(text="Well?", question=ask("Tea")), Say(text="Thank you."))
    assert heard(root) == ["Thank you.", "Well?", "For Tea, press 1."]


def test_a_list_is_said_without_its_dashes() -> None:
    said = heard(answered(Say(text="Think about:\n- buses\n  - trains\n-5 degrees")))
    assert said == ["Think about:", "buses", "trains", "-5 degrees"]


def test_slower_speech_has_longer_pauses_and_waits() -> None:
    gather = answered(Say(text="Well?", question=ask("Tea"), slower=True))[0]
    assert [prosody.attrib["rate"] for prosody in gather.iter("prosody")] == ["80%", "80%"]
    assert {pause.attrib["length"] for pause in gather.iter("Pause")} == {"2"}
    assert gather.attrib["timeout"] == "14"


def test_recordings_are_played_before_the_menu_and_pictures_are_told() -> None:
    shown = (
        Shown(media="m1", kind="voice", sha256="ab12", type="audio/wav"),
        Shown(media="m1", kind="photo", sha256="cd34", type="image/png", words="A ramp."),
    )
    gather = answered(Say(text="Here.", shown=shown, question=ask("Tea")))[0]
    assert [inner.tag for inner in gather if inner.tag != "Pause"] == ["Say", "Play", "Say", "Say"]
    assert [play.text for play in gather.iter("Play")] == [f"{PUBLIC}/media/m1"]
    assert heard(gather) == ["Here.", "A ramp.", "For Tea, press 1."]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Tom & \x00<Ann>\x08", ["Tom & <Ann>"]),
        ("one\n\n two  three ", ["one", "two three"]),
        ("nice \U0001f600 \u2764\ufe0f", ["nice"]),
        ("\ud83d", []),
        ("مرحبا", ["مرحبا"]),
    ],
)
def test_what_cannot_be_said_is_left_out(words: str, said: list[str]) -> None:
    assert heard(answered(Say(text=words))) == said


def test_ten_thousand_characters_stay_within_what_twilio_takes() -> None:
    answer = voice().answer((Say(text="We talked for long. " * 500),), step=1)
    assert len(answer.encode()) < 64 * 1024
    assert all(len(said) <= 4096 for said in heard(ElementTree.fromstring(answer)))  # noqa: S314


def test_welsh_is_spoken_by_a_welsh_voice() -> None:
    say = next(answered(Say(text="Bore da.", language="cy")).iter("Say"))
    assert say.attrib == {"voice": "Polly.Gwyneth", "language": "cy-GB"}


def test_call_is_kept_alive_and_ends_kindly_on_a_fault() -> None:
    moment = ElementTree.fromstring(one_moment("/twilio/voice/step?n=3&as=choice"))  # noqa: S314
    assert (moment[-1].tag, moment[-1].text) == ("Redirect", "/twilio/voice/step?n=3&as=choice")
    sorry = ElementTree.fromstring(error_answer())  # noqa: S314
    assert [verb.tag for verb in sorry] == ["Say", "Hangup"]


@pytest.mark.parametrize(
    ("status", "outbox", "hangup", "state"),
    [
        ("completed", "", True, ""),
        ("completed", "OUT7", True, ""),
        ("no-answer", "OUT7", True, "no_answer"),
        ("busy", "OUT7", True, "busy"),
        ("failed", "OUT7", True, "failed"),
        ("canceled", "OUT7", True, "no_answer"),
        ("no-answer", "", True, ""),
        ("ringing", "OUT7", False, ""),
        ("in-progress", "", False, ""),
    ],
)
def test_end_of_a_call(status: str, outbox: str, hangup: bool, state: str) -> None:
    path = f"/twilio/voice/status{f'?o={outbox}' if outbox else ''}"
    direction = "outbound-api" if outbox else "inbound"
    form = {"CallSid": "CA1", "CallStatus": status, "Direction": direction, "From": LINE, "To": LINE}
    events, delivery = voice().decode_status(webhook(path, form), NOW)
    assert [(event.id, event.kind, event.line) for event in events] == [("CA1:end", "hangup", LINE)][:hangup]
    assert (delivery.state if delivery else "") == state
    assert delivery is None or (delivery.outbox == outbox and delivery.sentence)


async def test_nobody_is_rung_without_a_public_address() -> None:
    parcels = voice().encode(Say(text="A brief for you."), LINE)
    assert parcels == (Parcel(channel="voice", line=LINE, method="call", params={"to": LINE}),)

    async def load(sha256: str) -> bytes:
        return b""

    result = await voice(public_url="").send(parcels[0], outbox="OUT7", load=load)
    assert result != SENT
    assert (result.outcome, "TAKEPART_PUBLIC_URL" in result.sentence) == ("ours", True)
