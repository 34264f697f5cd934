"""Forms: what somebody typed, checked, with a sentence for each field that can't be used."""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, ClassVar

import wtforms
from starlette.datastructures import UploadFile
from wtforms import validators

from flows.calendar import WhenError, local
from storage.members.groups import Home

LINE = 200  # characters of what stands on one line
WORDS = 5000  # characters of what may take several
MANY = 100  # things in one list
# Turn the writing of all that follows round, so that a file seems to end in .jpg: names need none of them.
TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class _Sentences:
    """In place of the library's own sentences, where a field has none of its own."""

    def gettext(self, words: str) -> str:
        return "Choose one of the list." if "choice" in words.lower() else words

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)


class Form(wtforms.Form):
    """A form of the pages. Nothing of it is used before `validate` has said yes."""

    class Meta:
        def get_translations(self, form: wtforms.Form) -> _Sentences:
            return _Sentences()

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether all can be used. Of each field only the last sentence is said, which tells the most."""
        usable = super().validate(extra_validators)
        for field in self:
            field.errors = list(field.errors)[-1:]
        return usable

    def complain(self, field: str, complaint: object) -> None:
        """Say below a field why what it holds can't be done."""
        self[field].errors = [*self[field].errors, str(complaint)]

    @property
    def mistakes(self) -> list[tuple[str, str]]:
        """Each sentence with the id of the place where it is to be mended, from the top down."""
        return [(str(field.id), str(error)) for field in self for error in field.errors]


class _Written:
    """Gives a field's words without what can't be seen or kept; a file in their place is no words."""

    lines = False
    data: Any

    def process_formdata(self, given: Sequence[Any]) -> None:
        words = given[0] if given else ""
        if not isinstance(words, str):
            self.data = ""
            raise ValueError("Write words here. A file cannot go in this place.")
        self.data = tidy(words, lines=self.lines)


class Line(_Written, wtforms.StringField):
    """Words on one line. `missing` is said where there are none; without it they may be left out."""

    def __init__(self, label: str, missing: str = "", *, most: int = LINE, hint: str = "", **more: Any):
        super().__init__(label, _checks(missing, most), description=hint, **more)
        self.most = most


class Words(_Written, wtforms.TextAreaField):
    """Words on as many lines as they need."""

    lines = True

    def __init__(
        self, label: str, missing: str = "", *, most: int = WORDS, rows: int = 5, hint: str = "", **more: Any
    ):
        super().__init__(label, _checks(missing, most), description=hint, **more)
        self.most = most
        self.rows = rows


class Hidden(_Written, wtforms.HiddenField):
    """What a page remembers for the next one. It is as little to be trusted as anything typed."""


class Choice(wtforms.RadioField):
    """One of a few. `choices` are words by value, and may be set on the form."""

    def __init__(self, label: str, missing: str = "", *, hint: str = "", **more: Any):
        more.setdefault("choices", [])
        super().__init__(label, [_Chosen(missing or "Choose one.")], description=hint, **more)


class Pick(wtforms.SelectField):
    """One of a long list."""

    def __init__(self, label: str, *, hint: str = "", **more: Any):
        more.setdefault("choices", [])
        super().__init__(label, description=hint, **more)


class Several(wtforms.SelectMultipleField):
    """Any of a few."""

    def __init__(self, label: str, *, hint: str = "", **more: Any):
        more.setdefault("choices", [])
        super().__init__(label, description=hint, **more)


class Tick(wtforms.BooleanField):
    """Yes or no."""

    def __init__(self, label: str, *, hint: str = "", **more: Any):
        super().__init__(label, description=hint, **more)


class _OfWords:
    """What is typed counts alone: a file in its place is as good as nothing."""

    raw_data: Any

    def process(self, *given: Any, **more: Any) -> None:
        super().process(*given, **more)  # type: ignore[misc]
        self.raw_data = [one for one in self.raw_data or () if isinstance(one, str)]


class Number(_OfWords, wtforms.IntegerField):
    """A whole number from `least` to `most`."""

    def __init__(self, label: str, missing: str = "", *, least: int, most: int, hint: str = "", **more: Any):
        said = f"{label} must be a whole number from {least} to {most}."
        checks = [_typed(missing), validators.NumberRange(least, most, said)]
        super().__init__(label, checks, description=hint, **more)
        self.said = said

    def process_formdata(self, given: Sequence[Any]) -> None:
        words = given[0].strip() if given and isinstance(given[0], str) else ""
        # Longer ones are no number that anybody means, and slow to read.
        if words and not (words.lstrip("-").isascii() and words.lstrip("-").isdecimal() and len(words) < 10):
            self.data = None
            raise ValueError(self.said)
        self.data = int(words) if words else None


class _Timed(_OfWords):
    """A day or a time; what is neither is told in our words."""

    such = ""
    label: Any
    data: Any

    def process_formdata(self, given: Sequence[Any]) -> None:
        try:
            super().process_formdata([one for one in given if isinstance(one, str)])  # type: ignore[misc]
        except ValueError:
            self.data = None
            raise ValueError(f"{self.label.text} must be {self.such}.") from None


class Day(_Timed, wtforms.DateField):
    """A day, as browsers give it: 2026-03-03."""

    such = "a day such as 2026-03-03"

    def __init__(self, label: str, missing: str = "", *, hint: str = "", **more: Any):
        super().__init__(label, [_typed(missing)], description=hint, **more)


class Clock(_Timed, wtforms.TimeField):
    """A time of the day, as browsers give it: 14:00."""

    such = "a time such as 14:00"

    def __init__(self, label: str, missing: str = "", *, hint: str = "", **more: Any):
        super().__init__(label, [_typed(missing)], description=hint, **more)


class Upload(wtforms.FileField):
    """A file; `data` is an UploadFile, or None where none was chosen."""

    def __init__(self, label: str, missing: str = "", *, hint: str = "", accept: str = "", **more: Any):
        super().__init__(label, [_needed(missing)], description=hint, **more)
        self.accept = accept

    def process_formdata(self, given: Sequence[Any]) -> None:
        found = given[0] if given else None
        self.data = found if isinstance(found, UploadFile) and found.filename else None


class _Chosen:
    """One must be chosen; no other sentence is said beside this one."""

    field_flags: ClassVar[dict[str, bool]] = {"required": True}

    def __init__(self, said: str) -> None:
        self._said = said

    def __call__(self, form: wtforms.Form, field: wtforms.Field) -> None:
        if not field.data or field.data == "None":
            raise validators.StopValidation(self._said)


def moment(home: Home, day: date, at: time, now: datetime) -> datetime:
    """That time of the day in the group's zone; raise WhenError where it is past."""
    wanted = local(f"{day.isoformat()} {at:%H:%M}", home.zone, now)
    if wanted <= now:
        raise WhenError("That time has passed. Choose one that is still to come.")
    return wanted


def tidy(words: str, *, lines: bool) -> str:
    """Words without what can't be seen or kept, such as a zero byte; new lines where they may be."""
    if lines:
        words = words.replace("\r\n", "\n").replace("\r", "\n")
    kept = "\n\t" if lines else ""
    return "".join(c if c in kept or not _unseen(c) else " " for c in words).strip()


def _unseen(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cs") or c in TURNS


def _checks(missing: str, most: int) -> list[Any]:
    long = f"This is too long: it may have {most} characters."
    return [_needed(missing), validators.Length(max=most, message=long)]


def _typed(missing: str) -> Any:
    """Something must be typed, be it 0; what it can't be is told by the field itself."""
    return validators.InputRequired(missing) if missing else validators.Optional()


def _needed(missing: str) -> Any:
    return validators.DataRequired(missing) if missing else validators.Optional()
