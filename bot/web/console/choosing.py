"""The first page: which group. Whoever runs one alone is taken there."""

from starlette.responses import RedirectResponse, Response

from bot.web.console.desk import Desk, Page
from storage.door import sessions


async def choose(desk: Desk) -> Response:
    async with desk.read() as conn:
        homes = await sessions.groups_of(conn, desk.session)
    if len(homes) == 1:
        return RedirectResponse(f"/console/{homes[0].code.lower()}", 303)
    return desk.page("choosing.html", homes=homes)


PAGES = (Page("", show=choose, group=False),)
