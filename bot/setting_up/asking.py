"""Gathers the answers: from options, from somebody at a terminal, or as they stand."""

from collections.abc import Callable, Mapping, Sequence

from bot.setting_up import trying
from bot.setting_up.questions import CODE, GROUP, PEOPLE, PLACE, TELEGRAM, TWILIO, Answers, Question
from bot.setting_up.trying import Try
from bot.settings import SettingsError
from storage.members.groups import Complaint

NONE = "-"  # typed to take something away
NEEDED = "{}: this is needed. Give it with {}."

Ask = Callable[[Question, str], str]  # what somebody types, and what they may leave as it stands
CHAPTERS: Sequence[tuple[Sequence[Question], Try | None]] = (
    (GROUP, None),
    (PEOPLE, None),
    (TELEGRAM, trying.telegram),
    (TWILIO, trying.numbers),
    (PLACE, trying.address),
)


class Interview:
    """Goes through the questions. `given` are the options; `ask` is None where nobody is at a terminal.

    A wrong answer is asked again at a terminal. Elsewhere it is raised, as Complaint or SettingsError.
    """

    def __init__(
        self,
        given: Mapping[str, str | None],
        *,
        ask: Ask | None,
        tell: Callable[[str], None],
        offline: bool = False,
    ) -> None:
        self._given = {name: value for name, value in given.items() if value is not None}
        self._ask = ask
        self._tell = tell
        self._offline = offline
        self._known = self._some = False
        self._again: set[str] = set()  # what was answered wrongly
        self.answered: set[str] = set()

    def code(self, stands: str, check: Callable[[str], str]) -> str:
        """The group's code, by which all that stands is found."""
        found: Answers = {CODE.name: stands}
        self._question(CODE, found, check)
        return found[CODE.name]

    async def rest(self, stands: Answers, *, known: bool) -> Answers:
        """All other answers. What is `known` of a group may stay as it stands."""
        self._known = known
        self._some = known and bool(self._given.keys() - {CODE.name})
        answers = dict(stands)
        for questions, tried in CHAPTERS:
            answers = await self._chapter(questions, tried, answers)
        return answers

    async def _chapter(self, questions: Sequence[Question], tried: Try | None, before: Answers) -> Answers:
        """Ask what belongs together, until it is right together too."""
        while True:
            answers = dict(before)
            for one in questions:
                self._question(one, answers, one.check)
            try:
                if tried and answers != before:
                    for sentence in await tried(answers, offline=self._offline):
                        self._tell(sentence)
            except Complaint as complaint:
                self._wrong(questions, complaint)
            else:
                return answers

    def _question(self, one: Question, answers: Answers, check: Callable[[str], str]) -> None:
        if one.of and not answers[one.of] and one.name not in self._given:
            answers[one.name] = ""
            return
        begins = answers.get(one.name) or answers.get(one.like, "")
        while not self._stays(one):
            try:
                answers[one.name] = _checked(one, self._typed(one, begins), check)
            except (Complaint, SettingsError) as error:
                self._wrong([one], error)
            else:
                self.answered.add(one.name)
                return

    def _stays(self, one: Question) -> bool:
        """Whether this is as it was, with nobody asked."""
        wanted = one.name in self._given or one.name in self._again
        return self._known and not wanted and (self._some or self._ask is None)

    def _typed(self, one: Question, begins: str) -> str:
        if one.name in self._given:
            return self._given[one.name]
        return self._ask(one, begins) if self._ask else begins

    def _wrong(self, questions: Sequence[Question], error: Complaint | SettingsError) -> None:
        """Ask these again, where there is somebody to ask."""
        if self._ask is None:
            raise error
        self._tell(str(error))
        for one in questions:
            self._given.pop(one.name, None)
            self._again.add(one.name)


def _checked(one: Question, typed: str, check: Callable[[str], str]) -> str:
    typed = "" if typed.strip() == NONE else typed.strip()
    if typed:
        return check(typed)
    if one.can_go:
        return ""
    raise Complaint(NEEDED.format(one.asks, one.option))
