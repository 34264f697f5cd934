"""The form in which a brief is written, with a place for each version of it, and what was put into it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import wtforms
from starlette.datastructures import UploadFile

from bot.staff.briefs import LONGEST_FILE, pieces, titled, words_in
from bot.web.console.forms import Form, Line, Several, Upload, Words, tidy
from bot.web.console.versions import Version
from flows.calendar import WhenError, before
from storage.files.cleaning import prepare
from storage.files.prepared import MOST_BYTES, Prepared, Refused
from storage.members.groups import Complaint
from storage.sessions.briefing import File
from storage.sessions.meetings import TITLE, Meeting

SPANS: Mapping[str, str] = {
    "1w": "A week before, at 10 in the morning",
    "3d": "Three days before, at 10 in the morning",
    "1d": "The day before, at 10 in the morning",
    "6h": "Six hours before",
}
USUAL = "3d"
ENDINGS = (".md", ".markdown", ".txt")
MOST_FILES = 10
MOST_TIMES = 6
LONGEST_NAME = 100  # characters of a file's name
OTHER_HINT = (
    "How long before: 2w is two weeks, 5d five days, 90m ninety minutes. Several with a space between."
)
FILES_HINT = (
    f"At most {MOST_FILES}, each of at most 20 MB. They go with Telegram; texts say that they are there."
)


class Uploads(wtforms.MultipleFileField):
    """Any number of files; `data` are those that were chosen."""

    def process_formdata(self, given: Sequence[Any]) -> None:
        self.data = [one for one in given if isinstance(one, UploadFile) and one.filename]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the form holds, fit to be kept. `kept` are files that went along before and still do."""

    title: str
    texts: Mapping[Version, str]
    befores: Sequence[str]
    files: Sequence[tuple[Prepared, str]]
    kept: Sequence[File]


def words_place(version: Version) -> str:
    """What the field of a version's words is called."""
    return "words_" + "_".join(version)


def file_place(version: Version) -> str:
    """What the field of a version's file is called."""
    return "file_" + "_".join(version)


def writing(versions: Iterable[Version], kept: Iterable[File] = ()) -> type[Form]:
    """A form with these versions, the first of them needed; fields in the order of the page."""
    hint = "If you leave it empty, it is the first heading of the words."
    fields: dict[str, Any] = {"title": Line("Title", most=TITLE, hint=hint)}
    for version in versions:
        hint = "You may use Markdown, such as # for a heading."
        fields[words_place(version)] = Words("Words", most=LONGEST_FILE, rows=12, hint=hint)
        hint = "A text file (.md or .txt). It takes the place of the words above."
        fields[file_place(version)] = Upload("Or a file with the words", hint=hint, accept=",".join(ENDINGS))
    fields["spans"] = Several("When does it go out?", choices=dict(SPANS))
    fields["other"] = Line("At another time", hint=OTHER_HINT)
    fields["files"] = Uploads("Pictures, papers or recordings that go along", description=FILES_HINT)
    fields["remove"] = Several("Take away again", choices={one.media: one.name for one in kept})
    return type("Writing", (Form,), fields)


def begins(title: str, texts: Mapping[Version, str], befores: Sequence[str]) -> dict[str, Any]:
    """What the form of a draft begins with."""
    begin: dict[str, Any] = {words_place(version): words for version, words in texts.items()}
    begin["spans"] = [span for span in befores if span in SPANS]
    begin["other"] = " ".join(span for span in befores if span not in SPANS)
    return begin | {"title": title}


async def read(
    form: Form, meeting: Meeting, versions: Sequence[Version], kept: Sequence[File] = ()
) -> Written | None:
    """What was written; None where there is a mistake, which is noted below its field."""
    form.validate()
    texts = await texts_of(form, versions)
    title = _title(form, texts, versions[0])
    befores = _befores(form, meeting)
    chosen: list[UploadFile] = form["files"].data or []
    if form.mistakes:
        if chosen:
            form.complain("files", "Choose these files once more: a page can't keep them.")
        return None
    files = await _prepared(form, chosen)
    gone = set(form["remove"].data or ())
    left = [one for one in kept if one.media not in gone]
    if len(files) + len(left) > MOST_FILES:
        form.complain("files", f"At most {MOST_FILES} can go along.")
    if form.mistakes:
        return None
    return Written(title=title, texts=texts, befores=befores, files=files, kept=left)


async def texts_of(form: Form, versions: Sequence[Version]) -> dict[Version, str]:
    """The words of each version that has some; those of a file stand in the form from now on."""
    texts = {}
    for version in versions:
        words, place = form[words_place(version)], words_place(version)
        try:
            words.data = await _of_file(form[file_place(version)].data) or words.data
        except Complaint as complaint:
            form.complain(file_place(version), complaint)
        if words.data and pieces(words.data):
            texts[version] = words.data
        elif words.data:
            form.complain(place, "There is nothing in it to read or to hear: write some words.")
    first = versions[0]
    if first not in texts and not (form[words_place(first)].errors or form[file_place(first)].errors):
        form.complain(words_place(first), "Write the brief, or choose a file with its words.")
    return texts


def standing(form: Form, versions: Iterable[Version]) -> dict[Version, str]:
    """The words of each version as they stand in the form, of those that can be read."""
    words = {version: form[words_place(version)].data for version in versions}
    return {version: one for version, one in words.items() if one and pieces(one)}


async def _of_file(upload: UploadFile | None) -> str:
    if upload is None:
        return ""
    name = file_name(upload)
    if not name.lower().endswith(ENDINGS):
        raise Complaint(f"{name} is not a text file: choose one that ends in .md or .txt.")
    words = words_in(await upload.read(LONGEST_FILE + 1), name)
    if not words.strip():
        raise Complaint(f"{name} has no words in it.")
    return tidy(words, lines=True)


def _title(form: Form, texts: dict[Version, str], first: Version) -> str:
    """The title that was written, or else the first heading of the words."""
    title = str(form["title"].data or "")
    if not title and first in texts:
        title, texts[first] = titled(texts[first], "")
        if not title:
            form.complain("title", "Give it a title, or begin its words with a heading.")
    return " ".join(title.split())[:TITLE]


def _befores(form: Form, meeting: Meeting) -> list[str]:
    others = str(form["other"].data or "").split()
    for span in others:
        try:
            before(meeting.at, span, meeting.zone)
        except WhenError as error:
            form.complain("other", error)
    chosen = list(dict.fromkeys([*(form["spans"].data or ()), *others]))
    if not chosen:
        form.complain("spans", "Choose at least one time.")
    if len(chosen) > MOST_TIMES:
        form.complain("other", f"Choose at most {MOST_TIMES} times: more would be too many reminders.")
    return chosen


async def _prepared(form: Form, uploads: Sequence[UploadFile]) -> list[tuple[Prepared, str]]:
    made: list[tuple[Prepared, str]] = []
    for upload in uploads:
        name = file_name(upload)
        try:
            made.append((await prepare(await upload.read(MOST_BYTES + 1), "file"), name))
        except Refused as error:
            form.complain("files", f"{name} cannot go along: {error.sentence}")
    return made


def file_name(upload: UploadFile) -> str:
    """What a file is called, without where it was."""
    name = PurePosixPath((upload.filename or "").replace("\\", "/")).name
    return tidy(name, lines=False)[-LONGEST_NAME:] or "file"
