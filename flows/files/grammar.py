"""The grammar that steps and choices share: texts in languages and forms, and conditions."""

from flows.files.lines import FlowError, Table, words
from flows.steps import Condition
from flows.wording import Text


def is_form(name: str) -> bool:
    """Whether this name beside a text holds another form or language of it."""
    return name in {"voice", "easy"} or (len(name) == 2 and name.isalpha())


def text_of(table: Table, name: str, source: str) -> Text:
    """A text in all the languages and forms that stand beside it.

    `say: words`, with `voice:` and `easy:` beside it, or `cy: {say: ..., voice: ..., easy: ...}`.
    """
    value = table.get(name)
    if isinstance(value, Table):
        return _forms(value, source)
    if not isinstance(value, str | int) or not str(value).strip():
        raise FlowError(
            source, table.at(name), f"there are no words after '{name}:'.", "Write what is to be said."
        )
    text = {"en": str(value).strip()}
    if name == "say":
        for form in ("voice", "easy"):
            if table.get(form):
                text[f"en.{form}"] = str(table[form]).strip()
        for language, forms in table.items():
            if len(language) == 2 and isinstance(forms, Table):
                spread = {"" if form == "say" else form: str(words_) for form, words_ in forms.items()}
                text.update({f"{language}.{form}".rstrip("."): body.strip() for form, body in spread.items()})
    return Text(text)


def _forms(table: Table, source: str) -> Text:
    """{say: ..., voice: ..., easy: ...} or {en: ..., cy: ..., cy.voice: ...}."""
    names = {"say": "en", "voice": "en.voice", "easy": "en.easy"}
    text = {}
    for name, value in table.items():
        if not isinstance(value, str | int) or not str(value).strip():
            raise FlowError(
                source, table.at(name), f"there are no words after '{name}:'.", "Write what is to be said."
            )
        text[names.get(name, name)] = str(value).strip()
    return Text(text)


def flag(table: Table, name: str, source: str, *, default: bool = False) -> bool:
    """yes or no; a word like "maybe" is a mistake."""
    known = {"yes": True, "true": True, "no": False, "false": False, "": default}
    found = str(table.get(name, "")).casefold()
    if found not in known:
        raise FlowError(
            source, table.at(name), f"'{name}: {found}' is neither yes nor no.", "Write yes or no."
        )
    return known[found]


def whole(table: Table, name: str, source: str, default: int = 0) -> int:
    found = table.get(name, default)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise FlowError(
            source, table.at(name), f"'{name}:' needs a number.", f"Write it in figures, like '{name}: 3'."
        )
    return found


def condition(table: Table, name: str, source: str) -> Condition:
    found = table.get(name)
    if found is None:
        return {}
    if not isinstance(found, Table):
        raise FlowError(
            source,
            table.at(name),
            f"'{name}:' needs a name and a value.",
            f"Write it like '{name}: {{feeling: 1}}'.",
        )
    return {
        key: tuple("yes" if one == "True" else "no" if one == "False" else one for one in words(value))
        for key, value in found.items()
    }
