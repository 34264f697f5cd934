"""In which languages and forms something is written here."""

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.wording import FORMS
from storage.members.groups import Home, languages_of
from storage.sessions.meetings import needed_versions

Version = tuple[str, str]  # a language and a form, such as "cy" and "easy"


async def versions_of(conn: AsyncConnection, home: Home, *had: Version) -> list[Version]:
    """Those of the group, its own plain one first; those too that somebody needs or that it has already."""
    languages = await languages_of(conn, home)
    needed = await needed_versions(conn, home.id)
    more = sorted({language for language, _ in (*needed, *had)})
    return [(language, form) for language in dict.fromkeys((*languages, *more)) for form in FORMS]
