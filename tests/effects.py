"""What a turn asks to be stored, in words for a transcript."""

from collections.abc import Iterable, Mapping

from flows.effects import (
    Acknowledge,
    Agree,
    Amend,
    AskAgain,
    Change,
    CheckedIn,
    Choose,
    Delivered,
    Effect,
    EndHandover,
    EndSupport,
    Enter,
    Flag,
    GiveUpSupport,
    Handed,
    HandOver,
    Helped,
    Join,
    Keep,
    Linked,
    Matter,
    Narrow,
    Need,
    PassOn,
    Practised,
    Prefer,
    Seen,
    SetPin,
    TakeBack,
    TellHelper,
    Thank,
    Unname,
    Vote,
    Withdraw,
)
from flows.state import Answer

Files = Mapping[str, str]  # what a file is called, by its id
READERS = {
    "facilitators": "the facilitators",
    "group": "the group",
    "outside": "people outside too",
}


def told(effect: Effect, files: Files) -> str:
    """An effect in words, "" for those that nobody need read."""
    match effect:
        case Keep():
            without = ", without a name" if effect.unnamed else ""
            return f"kept: {effect.flow}, for {READERS[effect.audience]}{without}: {_gift(effect, files)}"
        case Amend():
            how = "and also" if effect.add else "is now"
            return f"changed: {effect.name} {how} {_answer(effect.answer, files)}"
        case Narrow():
            return "only the facilitators may read it now"
        case TakeBack():
            return "taken back"
        case Unname() | AskAgain():
            return "no name stands beside it" if isinstance(effect, Unname) else "a second person is to look"
        case Vote():
            return f"voted: {effect.poll} {', '.join(effect.keys) or 'nothing any more'}"
        case Matter():
            return f"for a person: {effect.kind}: {_answer(_as_answer(effect), files)}".rstrip(": ")
        case Acknowledge() | Delivered() | Thank():
            return _reached(effect)
    return _alert(effect) or _helped(effect, files) or _entered(effect, files) or _about(effect, files)


def _alert(effect: Effect) -> str:
    """What is asked of whoever looks after people in danger."""
    match effect:
        case Flag():
            return f"a contact is to look at: {effect.words}"
        case Seen():
            return f"alert {effect.alert} was seen"
        case PassOn():
            return f"alert {effect.alert} goes to the next person"
    return ""


def _helped(effect: Effect, files: Files) -> str:
    """What passes between a member and whoever helps them."""
    match effect:
        case HandOver() | TellHelper():
            return f"the helper reads: {effect.tells if isinstance(effect, HandOver) else effect.text}"
        case Handed():
            named = "".join(f" [{files[one]}]" for one in effect.media)
            return f"the helper reads: {effect.tells}{named}"
        case EndHandover():
            return f"the helper reads: {effect.tells}"
        case Helped():
            return "off the list: help"
        case Practised():
            return "nothing of this stays"
    return ""


def _about(effect: Effect, files: Files) -> str:
    """What becomes of the member."""
    match effect:
        case Agree() | Withdraw():
            return f"{'agreed' if isinstance(effect, Agree) else 'agrees no more'}: {effect.purpose}"
        case Join(asks_in=True):
            return f"asks to join as {effect.name or files.get(effect.recording, 'somebody')}"
        case Join():
            return f"joined as {effect.name or files.get(effect.recording, 'somebody')}"
        case Change():
            return f"the member is now {effect.to}"
        case Need():
            return f"needs: {effect.kind}: {effect.words}".rstrip(": ")
        case CheckedIn():
            return f"checked in: {effect.answer}"
        case Linked():
            return f"this line is {effect.member}'s: {effect.how}"
        case SetPin():
            return "a PIN is kept" if effect.pin else "no PIN is kept"
        case Prefer():
            return f"preference: {effect.name} is {effect.value or 'as usual'}"
        case Choose():
            what = effect.purpose or "anything"
            return f"{'wanted' if effect.wanted else 'not wanted'}: {what} by {effect.channel}"
    return ""


def _entered(effect: Effect, files: Files) -> str:
    """What somebody sends for a member."""
    match effect:
        case Enter():
            answer = Answer(text=effect.text, media=effect.media)
            what = f"{effect.poll} {', '.join(effect.keys)}" if effect.poll else _answer(answer, files)
            return f"for the member: {what}"
        case EndSupport() | GiveUpSupport():
            return "nobody may send things for them now"
    return ""


def _reached(effect: Acknowledge | Delivered | Thank) -> str:
    if isinstance(effect, Acknowledge):
        return f"{effect.brief} was read or heard"
    return f"{effect.outbox} has arrived" if isinstance(effect, Delivered) else f"thanks for {effect.id}"


def _as_answer(matter: Matter) -> Answer:
    return Answer(text=matter.words, media=matter.media)


def _gift(keep: Keep, files: Files) -> str:
    return "; ".join(_parts(keep, files)) or keep.text


def _parts(keep: Keep, files: Files) -> Iterable[str]:
    for name, many in keep.lists.items():
        for n, answers in enumerate(many, 1):
            yield f"{name} {n}: {_answers(answers, files, ', ')}"
    if keep.answers:
        yield _answers(keep.answers, files, "; ")


def _answers(answers: Mapping[str, Answer], files: Files, between: str) -> str:
    return between.join(f"{name}: {_answer(answer, files)}" for name, answer in answers.items())


def _answer(answer: Answer, files: Files) -> str:
    named = ", ".join(files[one] for one in answer.media)
    words = " / ".join(answer.text.splitlines())
    return " ".join(part for part in (words, f"[{named}]" if named else "") if part)
