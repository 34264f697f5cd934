"""What people really write and say back, and what we may take it for."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.events import Ask, Option, Question
from flows.understand import Reading, command, courtesy, optout, understand, unfit_words

TODAY = date(2026, 2, 25)  # a Wednesday


def ask(kind: Ask, *labels: str, optional: bool = False, most: int = 0) -> Question:
    options = tuple(Option(key=str(place), label=label) for place, label in enumerate(labels, 1))
    return Question(
        id="q", name="answer", text="?", takes=(kind,), options=options, optional=optional, most=most
    )


PLACES = ("Library", "Town hall", "Church café")
SCALE = Question(
    id="q",
    name="feeling",
    text="How was it?",
    takes=("scale",),
    options=tuple(
        Option(key=str(n), label=str(n), words={1: ("very bad",), 5: ("very good",)}.get(n, ()))
        for n in range(1, 6)
    ),
)


def taken(words: str, question: Question, *, by_text: bool = True) -> str:
    """The keys that are taken, "ask" where we must ask again, "none" where nothing fits."""
    reading = understand(words, question, today=TODAY, by_text=by_text)
    if reading is None:
        return "none"
    return " ".join(reading.keys) if reading.sure else "ask"


@pytest.mark.parametrize(
    ("expected", "replies"),
    [
        ("2", "2|2.|(2)|#2|no 2|no. 2|№2|2)|2?| 2 \n|2\u200f|\u202b2\u202c|2\x00|x 2 x|2 :-)"),
        ("2", "２|②|❷|2️⃣|٢|two|TWO|number two|option 2|option b|Option B please|choice 2"),
        ("2", "the 2nd|second one|the second option please|2nd|umm 2 I think|it's 2|I'd go for 2"),
        ("2", "two please|I think two|my answer is two|I would like to choose number two please|thanks, two"),
        ("ask", "hello you two|thank you two|you two|we two|the one|I had one|I have been there for one"),
        ("3", "3|third|the last one|last|three"),
        (
            "1",
            "library|LIBRARY!!|the library|library pls|"
            "library i suppose|hmm tricky... library|I think the library thanks|Library xxx|lib\u200brary",
        ),
        ("1", "libary|librery|libraries|library library|1) Library|library 1|one|“Library”"),
        ("2", "town hall|Town-Hall|townhall|town hal|the hall|hall"),
        ("3", "church cafe|CAFÉ|chruch|cafe\u0301"),
        ("ask", "not library|no library|anything but 2|1 or 2|library or town hall|1 2|library 2|both"),
        ("ask", "any|either|none|maybe 2|don't know|not sure|2 of them|the first two|libry|b|I have 2 cats"),
        ("ask", "no, 2|1-2|the library closed last year and I was very sad about that so I don't go"),
        ("none", "7|0|12|22|1.5|2.5|½| |...|🙂|👍|x|lib|banana|لا|?|thank you"),
    ],
)
def test_one_choice(expected: str, replies: str) -> None:
    question = ask("choice", *PLACES)
    assert {reply: taken(reply, question) for reply in replies.split("|")} == dict.fromkeys(
        replies.split("|"), expected
    )


@pytest.mark.parametrize(
    ("expected", "replies"),
    [
        ("1 3", "1 and 3|1,3|1 3|3 1|1&3|1+3|①③|both 1 and 3|library and cafe|library, 3|first and last"),
        ("1 2", "Library and the town hall please|1 2 thanks|that's all 1 2|1, 2 as well"),
        ("1 2 3", "all|all of them|all three|all 3|everything|1,2,3|all of the above"),
        ("2", "2|just the town hall|only 2"),
        ("ask", "12|13|1 or 2|1-3|1 to 3|1/2|not 2|all but 2|1 and 7|both|none|any two|first two|2 of them"),
        ("none", "7|banana"),
    ],
)
def test_several_choices(expected: str, replies: str) -> None:
    question = ask("several", *PLACES)
    assert {reply: taken(reply, question) for reply in replies.split("|")} == dict.fromkeys(
        replies.split("|"), expected
    )


def test_several_keeps_to_what_is_allowed() -> None:
    assert taken("both", ask("several", "Bus", "Car")) == "1 2"
    assert taken("all", ask("several", *PLACES, most=2)) == "ask"
    reading = understand("none of them", ask("several", *PLACES, optional=True), today=TODAY)
    assert reading == Reading(sure=True)


@pytest.mark.parametrize(
    ("expected", "replies"),
    [
        (
            "1",
            "1|y|yes|YES|Yesss|yeah|yep|ok|okay|sure|please do|aye|yes please|👍|👍🏽|ie|yes I do|no problem",
        ),
        ("2", "2|n|no|nope|nah|nooo|no thank you|No, thanks|not really|👎|na|no I don't|of course not"),
        ("ask", "yes and no|maybe|not sure|yes but not today|no 1|ok no|yes I don't"),
        ("none", "banana|please|3"),
    ],
)
@pytest.mark.parametrize("labels", [("Yes", "No"), ("Join", "Leave it"), ()])
def test_yes_or_no(expected: str, replies: str, labels: tuple[str, ...]) -> None:
    question = ask("yes-no", *labels)
    means = {"1": "yes", "2": "no"}.get(expected, expected) if not labels else expected
    assert {reply: taken(reply, question) for reply in replies.split("|")} == dict.fromkeys(
        replies.split("|"), means
    )


def test_yes_follows_the_label_not_the_order() -> None:
    question = ask("yes-no", "No thank you", "Join")
    assert [taken(reply, question) for reply in ("yes", "no", "1")] == ["2", "1", "1"]


@pytest.mark.parametrize(
    ("expected", "replies"),
    [
        ("4", "4|four|4/5|4 / 5|4 out of 5|4 of 5|4!|4️⃣|I'd say 4"),
        ("1", "1|very bad|VERY BAD|it was very bad"),
        ("5", "very good thanks|vry good"),
        ("4", "it felt like a four|it was just about four really"),
        ("ask", "3 or 4|3-4|good|not very good|4/10|4 stars|hello you four"),
        ("none", "3.5|7|0|-1|4th|last|fine"),
    ],
)
def test_scale(expected: str, replies: str) -> None:
    assert {reply: taken(reply, SCALE) for reply in replies.split("|")} == dict.fromkeys(
        replies.split("|"), expected
    )


@pytest.mark.parametrize(
    ("labels", "replies"),
    [
        (("2pm", "3pm"), {"2": "ask", "3": "2", "1": "1", "2pm": "1", "at 3 pm please": "2"}),
        (("5", "10"), {"5": "1", "10": "2", "five": "1", "2": "2"}),
        (("2", "1"), {"1": "ask", "2": "ask"}),
        (("Tuesday morning", "Tuesday afternoon"), {"tuesday": "ask", "the afternoon": "2", "Tues": "ask"}),
        (("Tuesday", "Thursday"), {"thursday": "2", "thusday": "ask", "wednesday": "none"}),
        (("Tuesday", "Friday"), {"thursday": "none", "tusday": "1", "Fri": "2"}),
        (("I agree", "I do not agree"), {"agree": "1", "I don't agree": "2", "not agree": "2"}),
        (("I can come", "I can't come"), {"can come": "1", "cannot come": "2", "I can’t come": "2"}),
        (
            ("A) Bus", "B) Car", "C) Walk"),
            {"a": "1", "a please": "1", "a bus": "1", "C.": "3", "bus": "1", "wlak": "3"},
        ),
        (("Yes", "No", "Not sure"), {"yeah": "1", "nope": "2", "not sure": "3"}),
        (("Men", "Women"), {"man": "none", "woman": "ask", "women": "2"}),
        (("Library", "None of these"), {"none": "2", "neither": "2", "none of them": "2"}),
        (
            ("Add a moment", "That is all"),
            {"that's all": "2", "add": "1", "all": "2", "That is all thanks": "2"},
        ),
        (("Zoë", "Ana"), {"zoe": "1", "ZOE\u0308": "1"}),
        (("Happy", "Fine"), {"unhappy": "none", "not happy": "ask", "hapy": "1"}),
        (("🙂", "🙁"), {"🙁": "2", "🙂🙁": "ask"}),
        (("Walking", "Cooking"), {"walk": "1", "talking": "ask", "working": "ask", "cookin": "2"}),
    ],
)
def test_labels_that_are_easily_confused(labels: tuple[str, ...], replies: dict[str, str]) -> None:
    question = ask("choice", *labels)
    assert {reply: taken(reply, question) for reply in replies} == replies


def test_other_words_for_an_option() -> None:
    options = (
        Option(key="car", label="Drive", words=("car", "by car")),
        Option(key="bus", label="Bus", words=("public transport", "coach")),
    )
    question = Question(id="q", name="way", text="?", takes=("choice",), options=options)
    replies = {"car": "car", "public transport": "bus", "by coach please": "bus", "coahc": "bus"}
    assert {reply: taken(reply, question) for reply in replies} == replies


def test_an_option_that_takes_yes_takes_all_ways_of_yes() -> None:
    options = (
        Option(key="erase", label="Erase everything", words=("yes",)),
        Option(key="stay", label="Keep it all and stay", words=("no",)),
    )
    question = Question(id="q", name="sure", text="?", takes=("choice",), options=options)
    replies = {
        "yeah": "erase",
        "nope": "stay",
        "erase": "erase",
        "don't erase": "ask",
        "keep everything": "ask",
    }
    assert {reply: taken(reply, question) for reply in replies} == replies


@pytest.mark.parametrize(
    ("reply", "key", "rest"),
    [
        ("library because it is warm", "1", "because it is warm"),
        ("Library cos I can’t get to the town hall", "1", "cos I can’t get to the town hall"),
        ("2 as it's near", "2", "as it's near"),
        ("2. It is nearer for ME", "2", "It is nearer for ME"),
        ("town hall please, so I can bring Mum", "2", "so I can bring Mum"),
    ],
)
def test_a_reason_is_kept_with_the_choice(reply: str, key: str, rest: str) -> None:
    reading = understand(reply, ask("choice", *PLACES), today=TODAY)
    assert reading == Reading(sure=True, keys=(key,), rest=rest)


@pytest.mark.parametrize("reply", ["2. not for me", "2, or 3", "not 2 because it is far", "2 as well as 3"])
def test_what_only_looks_like_a_reason(reply: str) -> None:
    assert taken(reply, ask("choice", *PLACES)) == "ask"


def test_the_candidates_are_told_when_we_must_ask() -> None:
    reading = understand("town hall or library", ask("choice", *PLACES), today=TODAY)
    assert reading == Reading(sure=False, keys=("1", "2"))


def test_a_telephone_hears_to_for_two() -> None:
    question = ask("choice", *PLACES)
    heard = [taken(words, question, by_text=False) for words in ("to", "number to please", "won", "for")]
    assert heard == ["2", "2", "1", "none"]
    assert taken("to", question) == "none"


def test_open_questions_take_any_words() -> None:
    question = Question(
        id="q", name="n", text="?", takes=("choice", "text"), options=(Option(key="a", label="Skip it"),)
    )
    assert understand("skip it", question, today=TODAY) == Reading(sure=True, keys=("a",))
    assert understand(" We had tea. ", question, today=TODAY) == Reading(sure=True, rest="We had tea.")
    assert understand("x" * 10_000, question, today=TODAY) == Reading(sure=True, rest="x" * 10_000)
    assert understand(" \n", question, today=TODAY) is None


@pytest.mark.parametrize(
    ("reply", "number", "sure"),
    [
        *[("5", 5, True), ("about 20", 20, True), ("twenty-five", 25, True), ("a hundred", 100, True)],
        *[("3.5", 3.5, True), ("two and a half", 2.5, True), ("½", 0.5, True), ("20 minutes", 20, True)],
        *[("none", 0, True), ("zero", 0, True), ("£5", 5, True), ("twice", 2, True), ("２０", 20, True)],
        *[("not 5", 5, False), ("5 or 6", None, False), ("10-15", None, False), ("5 llamas", 5, False)],
    ],
)
def test_number(reply: str, number: float | None, sure: bool) -> None:
    question = Question(id="q", name="n", text="?", takes=("number",), low=0, high=100)
    assert understand(reply, question, today=TODAY) == Reading(sure=sure, number=number)


@pytest.mark.parametrize("reply", ["-3", "minus 3", "101", "1,000", "many", ""])
def test_number_that_does_not_fit(reply: str) -> None:
    question = Question(id="q", name="n", text="?", takes=("number",), low=0, high=100)
    assert understand(reply, question, today=TODAY) is None


def test_number_without_bounds() -> None:
    question = ask("number")
    read = [understand(reply, question, today=TODAY) for reply in ("1,000", "-3")]
    assert read == [Reading(sure=True, number=1000), Reading(sure=True, number=-3)]


@pytest.mark.parametrize(
    ("reply", "day"),
    [
        *[("today", "02-25"), ("tomorrow", "02-26"), ("Friday", "02-27"), ("thrusday please", "02-26")],
        *[
            ("next tuesday", "03-03"),
            ("tuesday", "03-03"),
            ("last friday", "02-20"),
            ("friday week", "03-06"),
        ],
        *[("3 March", "03-03"), ("3rd of march", "03-03"), ("March 3", "03-03"), ("Tues 3 Mar", "03-03")],
        *[("3/3", "03-03"), ("03.03.26", "03-03"), ("4/3/2026", "03-04"), ("2026-12-03", "12-03")],
        *[
            ("12/25/2026", "12-25"),
            ("in two weeks", "03-11"),
            ("3 days ago", "02-22"),
            ("a week today", "03-04"),
        ],
        *[("the 3rd", "03-03"), ("twenty first of march", "03-21"), ("in a month's time", "03-25")],
        *[("the day after tomorrow", "02-27"), ("a week on friday", "03-06"), ("yesterday", "02-24")],
    ],
)
def test_date(reply: str, day: str) -> None:
    assert understand(reply, ask("date"), today=TODAY) == Reading(
        sure=True, date=date.fromisoformat(f"2026-{day}")
    )


@pytest.mark.parametrize(
    "reply",
    ["wednesday", "next friday", "Monday 3 March", "friday or saturday", "friday at 3", "24 february"],
)
def test_date_that_may_be_another(reply: str) -> None:
    reading = understand(reply, ask("date"), today=TODAY)
    assert reading is not None and reading.date is not None and not reading.sure


@pytest.mark.parametrize("reply", ["31 february", "30/2/2026", "99/99", "next week", "soon", "", "0 march"])
def test_date_that_is_none(reply: str) -> None:
    assert understand(reply, ask("date"), today=TODAY) is None


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        *[("MENU", "menu|/menu|MENU!|/menu@takepart_bot|menu please"), ("BACK", "back|Back.|go back")],
        *[("REPEAT", "repeat|say again|again"), ("LATER", "later|not now|carry on later|Later, thanks")],
        *[("UNDO", "undo|take it back|take that back"), ("HELP", "help|info|?|???"), ("MORE", "More")],
        (None, "stop|the menu of the café|back to the library|help my mother|yes|"),
    ],
)
def test_words_understood_anywhere(name: str | None, ways: str) -> None:
    assert {way: command(way) for way in ways.split("|")} == dict.fromkeys(ways.split("|"), name)


@pytest.mark.parametrize(
    ("meaning", "messages"),
    [
        (
            "stop",
            "STOP|stop.| Stop! |StopAll|unsubscribe|CANCEL|end|Quit|optout|revoke|/stop|ＳＴＯＰ|“stop”",
        ),
        ("start", "START|yes|Unstop."),
        ("help", "HELP|info?"),
        (
            None,
            "we have to STOP this|STOP STOP|stop please|opt out|the end|another stop|/quit|/end||stopp|"
            "yes please",
        ),
    ],
)
def test_only_the_whole_word_opts_out(meaning: str | None, messages: str) -> None:
    assert {message: optout(message) for message in messages.split("|")} == dict.fromkeys(
        messages.split("|"), meaning
    )


def test_labels_that_would_opt_somebody_out() -> None:
    labels = ["Stop", "Yes", "End.", "Start again", "Yes please", "Library", "help"]
    assert [unfit_words(label) for label in labels] == ["STOP", "YES", "END", None, None, None, "HELP"]


QUESTIONS = [
    *[ask("choice", *PLACES), ask("several", *PLACES), ask("yes-no"), SCALE, ask("date"), ask("number")],
    *[ask("choice", "A", "B"), ask("choice", "", "!"), ask("choice")],
]


@given(st.text() | st.text(alphabet="0123456789 .,-/andorthe2ndlibrary£½②", max_size=60))
def test_no_text_is_too_odd(words: str) -> None:
    command(words)
    optout(words)
    for question in QUESTIONS:
        reading = understand(words, question, today=TODAY)
        known = {option.key for option in question.options} | {"yes", "no"}
        assert reading is None or known.issuperset(reading.keys)


@pytest.mark.parametrize("words", ["2 " * 5000, "x" * 10_000, "library " * 1250])
def test_very_long_words_answer_no_closed_question(words: str) -> None:
    assert [understand(words, question, today=TODAY) for question in QUESTIONS] == [None] * len(QUESTIONS)


@pytest.mark.parametrize(
    "words", ["Thanks!", "ok", "thank you very much x", "OK bye xx", "👍", "ta love", "cheers, good night"]
)
def test_a_kind_word_is_only_that(words: str) -> None:
    assert courtesy(words)


@pytest.mark.parametrize(
    "words", ["thanks for nothing", "ok but the bus was late", "bye bye library", "x", "", "good"]
)
def test_words_that_say_something_are_no_courtesy(words: str) -> None:
    assert not courtesy(words)
