"""A brief as a facilitator writes it, in Markdown, turned into plain pieces to read or to hear.

Nothing of the marking up is left for a screen reader or a telephone voice to spell out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from storage.members.groups import Complaint

LONGEST_FILE = 200_000  # bytes: more than anybody reads before a meeting
WORDS = 70  # in one piece: about half a minute to hear
_VERSION = re.compile(
    r"(?:(?P<language>[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)(?:\.(?P<form>easy))?|(?P<only>easy))"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A brief's title, and its Markdown by language and form (plain or easy)."""

    title: str
    versions: Mapping[tuple[str, str], str]


def read(path: Path, language: str) -> Written:
    """The brief in `path`, which is in the group's `language`, and its versions beside it."""
    file = re.sub(r"[-_\s]+", " ", path.stem).strip().capitalize()
    title, main = titled(words_of(path), file or "Brief")
    versions = {(language, "plain"): main}
    versions |= {where: _untitled(words_of(other), title) for other, where in beside(path, language)}
    empty = next((where for where, markdown in versions.items() if not pieces(markdown)), None)
    if empty:
        raise Complaint(
            f"The brief has no words in its version {'.'.join(empty)}: write some and add it again."
        )
    return Written(title=title, versions=versions)


def contents(path: Path) -> bytes:
    """What is in a file that somebody named; raise Complaint."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Complaint(
            f"There is no file {path.name} there: see that its name and folder are right."
        ) from None
    except OSError as error:
        raise Complaint(f"{path} cannot be read ({error.strerror}).") from None


def pieces(markdown: str) -> tuple[str, ...]:
    """Markdown as plain pieces, each short enough to hear at one go."""
    return _pieces(list(_blocks(markdown)))


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    heading: bool = False


def words_of(path: Path) -> str:
    """The text of a file that somebody wrote; raise Complaint."""
    return words_in(contents(path), path.name)


def words_in(raw: bytes, name: str) -> str:
    """The text that these bytes are; raise Complaint."""
    if len(raw) > LONGEST_FILE:
        raise Complaint(f"{name} is too long to send ahead of a meeting: make it shorter than 200 kB.")
    try:
        words = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = "\0"
    if "\0" in words:
        raise Complaint(f"{name} is not plain text: save it as Markdown in UTF-8.")
    return "".join(c for c in words.replace("\r\n", "\n") if c in "\n\t" or c.isprintable())


def beside(path: Path, language: str) -> Iterator[tuple[Path, tuple[str, str]]]:
    """The other versions: for x.md they are x.easy.md, x.cy.md, x.cy.easy.md, or x.md.easy.md and so on."""
    for found in sorted(path.parent.glob(f"*{path.suffix}")):
        for stem in (path.stem, path.name):
            middle = found.name.removeprefix(f"{stem}.").removesuffix(path.suffix)
            match = _VERSION.fullmatch(middle) if found.name.startswith(f"{stem}.") else None
            if match and found != path:
                yield found, (match["language"] or language, match["form"] or match["only"] or "plain")


def titled(markdown: str, otherwise: str) -> tuple[str, str]:
    """The first heading names the brief, and is then not read out twice; the rest of its words."""
    tokens = _parser().parse(markdown)
    if tokens and tokens[0].type == "heading_open" and tokens[0].map:
        rest = "\n".join(markdown.split("\n")[tokens[0].map[1] :]).strip()
        return _inline(tokens[1]).rstrip(".") or otherwise, rest or markdown
    return otherwise, markdown


def _untitled(markdown: str, title: str) -> str:
    """Another version's words. The title is not said again; one in another language stays above them."""
    own, rest = titled(markdown, "")
    return rest if own.casefold() == title.casefold() else markdown


def _parser() -> MarkdownIt:
    # Words in angle brackets stay words: nothing that somebody wrote is left out.
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _pieces(blocks: list[_Block]) -> tuple[str, ...]:
    """Blocks put together until there is enough to hear; a heading stays with what it heads."""
    made: list[str] = []
    here: list[str] = []
    words = 0
    for text, heading in ((text, block.heading) for block in blocks for text in _short(block.text)):
        size = len(text.split())
        if words and (heading or words + size > WORDS):
            made, here, words = [*made, "\n\n".join(here)], [], 0
        here.append(text)
        words += 0 if heading else size
    return tuple([*made, "\n\n".join(here)] if here else made)


def _short(text: str) -> Iterator[str]:
    """A block too long to hear at one go, cut between its sentences."""
    if len(text.split()) <= WORDS:
        yield text
        return
    here = ""
    for sentence in _SENTENCE.split(text):
        if here and len(f"{here} {sentence}".split()) > WORDS:
            yield here
            here = ""
        here = f"{here} {sentence}".strip()
    yield here


def _blocks(markdown: str) -> Iterator[_Block]:
    walk = _Walk()
    for token in _parser().parse(markdown):
        text = walk.take(token)
        if text:
            yield _Block(text, heading=walk.heading)


class _Walk:
    """Goes through the marked-up text from beginning to end, knowing which list or table it is in."""

    def __init__(self) -> None:
        self.heading = False
        self._numbers: list[int | None] = []  # for each list around us its next number, None for bullets
        self._mark = ""
        self._heads: list[str] | None = None
        self._cells: list[str] | None = None

    def take(self, token: Token) -> str:
        """The text that is complete with this token, "" for none."""
        if token.type in ("heading_open", "heading_close"):
            self.heading = token.nesting == 1
        elif token.type in ("fence", "code_block"):
            return token.content.strip()
        elif token.type == "inline":
            return self._words(_inline(token))
        elif token.type.startswith(("table_", "tr_")):
            return self._table(token.type)
        else:
            self._list(token)
        return ""

    def _words(self, text: str) -> str:
        if self._cells is not None:
            self._cells.append(text)
            return ""
        marked, self._mark = self._mark + text, ""
        return marked if text else ""

    def _table(self, kind: str) -> str:
        if kind == "tr_open":
            self._cells = []
        elif kind == "tr_close":
            cells, self._cells = self._cells or [], None
            if self._heads is not None:
                return _row(self._heads, cells)
            self._heads = cells
        else:
            self._heads = None
        return ""

    def _list(self, token: Token) -> None:
        if token.type == "ordered_list_open":
            self._numbers.append(int(token.attrGet("start") or 1))
        elif token.type == "bullet_list_open":
            self._numbers.append(None)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            self._numbers.pop()
        elif token.type == "list_item_open":
            number = self._numbers[-1]
            self._mark = "- " if number is None else f"{number}. "
            self._numbers[-1] = None if number is None else number + 1


def _row(heads: list[str], cells: list[str]) -> str:
    """One row of a table, each cell with what stands above it, as it would be read out."""
    pairs = zip(heads, cells, strict=False)
    return ". ".join(f"{head}: {cell}" if head else cell for head, cell in pairs if cell)


def _inline(token: Token) -> str:
    made: list[str] = []
    links: list[tuple[str, int]] = []
    for child in token.children or ():
        match child.type:
            case "text" | "code_inline":
                made.append(child.content)
            case "softbreak":
                made.append(" ")
            case "hardbreak":
                made.append("\n")
            case "image":
                made.append(f"(picture: {child.content})" if child.content else "")
            case "link_open":
                links.append((str(child.attrGet("href") or ""), len(made)))
            case "link_close":
                address, start = links.pop()
                made.append(_address(address, "".join(made[start:])))
    return re.sub(r"[ \t]+", " ", "".join(made)).strip()


def _address(address: str, words: str) -> str:
    """Where a link goes, for people who can't press it; not again where its words say so."""
    bare = re.sub(r"^(https?://|mailto:|tel:)", "", address).rstrip("/")
    return "" if not bare or bare in words else f" ({bare})"
