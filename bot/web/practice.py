"""The practice phone in the browser: one page, and what its three phones send and ask."""

import re
import secrets as chance
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol

import structlog
from jinja2 import Environment, PackageLoader
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.intake.queue import Busy
from bot.logs import place
from bot.practice.phones import PracticePhones, Step, Upload
from bot.settings import Settings
from bot.web.practice_posts import shown
from bot.web.staff_only import AWAY, Keeps, StaffOnly
from channels.base import Unreadable
from channels.practice import Handset
from channels.practice_call import Scene
from flows.events import Shown
from storage.files.prepared import MOST_BYTES

PATH = "/practice"
COOKIE = "takepart_practice"
LASTS = 30 * 24 * 3600
MOST_FORM = MOST_BYTES * 4  # an album of several photos
MOST_FILES = 10
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
BUSY = "Takepart is busy just now. Please send it again in a moment."
FAILED = "That did not work. Please try again."
TOO_LARGE = "That file is too large. It may have 20 MB."
NOBODY = "This page has lost its practice phone. Please load it again."

Serve = Callable[[Request], Awaitable[Response]]
Do = Callable[[Request, Handset, FormData], Awaitable[dict[str, Any]]]


class Service(Keeps, Protocol):
    """What these pages need of the service."""

    @property
    def settings(self) -> Settings: ...
    @property
    def phones(self) -> PracticePhones: ...
    @property
    def links(self) -> Callable[[Shown], str]: ...


def routes(app: Service) -> Sequence[BaseRoute]:
    """The page, and what it sends and asks. Where everybody could reach it, it is for facilitators."""
    public = app.settings.public_url or ""
    guard = [Middleware(StaffOnly, service=app)] if public else []
    return PracticePages(app.phones, app.links, safe=public.startswith("https:")).routes(guard)


class PracticePages:
    """The page for whoever holds the cookie of a practice person; `links` gives stored files' addresses.

    `safe`: it is served by https.
    """

    def __init__(self, phones: PracticePhones, links: Callable[[Shown], str], *, safe: bool = False) -> None:
        self._phones = phones
        self._links = links
        self._safe = safe
        self._page = _templates().get_template("practice.html")

    def routes(self, guard: Sequence[Middleware] = ()) -> list[BaseRoute]:
        """Everything below /practice, behind this guard."""
        deeds: dict[str, Do] = {
            "telegram": self._telegram,
            "telegram/press": self._press,
            "sms": self._sms,
            "call": self._call,
            "call/end": self._call_end,
        }
        shows = {"": self._show, "/posts": self._posts}
        does = {"/new": self._new} | {f"/{path}": self._doing(do) for path, do in deeds.items()}
        return [
            *(Route(PATH + path, show, middleware=guard) for path, show in shows.items()),
            *(Route(PATH + path, do, methods=["POST"], middleware=guard) for path, do in does.items()),
        ]

    async def _show(self, request: Request) -> Response:
        person = _person(request) or _somebody()
        page = self._page.render(person=person[-4:].upper())
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
        return self._remembered(HTMLResponse(page, headers=headers), person)

    def _remembered(self, answer: Response, person: str) -> Response:
        answer.set_cookie(
            COOKIE, person, LASTS, path=PATH, secure=self._safe, httponly=True, samesite="strict"
        )
        return answer

    async def _new(self, request: Request) -> Response:
        return self._remembered(RedirectResponse(PATH, 303), _somebody())

    async def _posts(self, request: Request) -> Response:
        person = _person(request)
        if person is None:
            return JSONResponse({"error": NOBODY}, 400)
        after = request.query_params.get("after", "").replace("\0", "")[:40]
        try:
            posts, ringing = await self._phones.posts(Handset(id=person), after=after)
        except (SQLAlchemyError, OSError):
            return JSONResponse({"error": AWAY}, 503)
        views = [shown(post, ringing, self._links) for post in posts]
        return JSONResponse({"posts": views}, headers={"Cache-Control": "no-store"})

    def _doing(self, do: Do) -> Serve:
        """What somebody does; what goes wrong is told them in a sentence."""

        async def serve(request: Request) -> Response:
            person = _person(request)
            if person is None:
                return JSONResponse({"error": NOBODY}, 400)
            if int(request.headers.get("content-length") or MOST_FORM + 1) > MOST_FORM:
                return JSONResponse({"error": TOO_LARGE}, 413)
            try:
                async with request.form(max_files=MOST_FILES, max_fields=20) as form:
                    return JSONResponse(await do(request, Handset(id=person), form))
            except Busy:
                return JSONResponse({"error": BUSY}, 503)
            except (ValueError, Unreadable, HTTPException):
                return JSONResponse({"error": FAILED}, 400)
            except (SQLAlchemyError, OSError) as error:
                structlog.get_logger().error("page_without_data", error=type(error).__name__)
                return JSONResponse({"error": AWAY}, 503)
            except Exception as error:
                structlog.get_logger().error("practice_failed", error=type(error).__name__, at=place(error))
                return JSONResponse({"error": FAILED}, 500)

        return serve

    async def _telegram(self, request: Request, handset: Handset, form: FormData) -> dict[str, Any]:
        words = _word(form, "text")
        photos = [await _upload(one, form) for one in form.getlist("photo") if isinstance(one, UploadFile)]
        sound = form.get("voice")
        if photos:
            await self._phones.send_photos(handset, photos, words)
        elif isinstance(sound, UploadFile):
            await self._phones.send_voice(handset, await _upload(sound, form))
        else:
            await self._phones.write(handset, words)
        return {}

    async def _press(self, request: Request, handset: Handset, form: FormData) -> dict[str, Any]:
        return {"toast": await self._phones.press(handset, _word(form, "data"), _word(form, "label"))}

    async def _sms(self, request: Request, handset: Handset, form: FormData) -> dict[str, Any]:
        await self._phones.text(handset, _word(form, "text"))
        return {}

    async def _call(self, request: Request, handset: Handset, form: FormData) -> dict[str, Any]:
        call, outbox, action = (_word(form, name) for name in ("call", "outbox", "action"))
        if call:
            return _heard(call, await self._phones.step(handset, await _step(form)))
        call = chance.token_hex(8)
        if outbox:
            return _heard(call, await self._phones.take_call(handset, call, outbox))
        if action:
            raise ValueError("a step of no call")
        return _heard(call, await self._phones.ring(handset, call))

    async def _call_end(self, request: Request, handset: Handset, form: FormData) -> dict[str, Any]:
        call, outbox = _word(form, "call"), _word(form, "outbox")
        if call:
            await self._phones.hang_up(handset, call, outbox=outbox, sound=await _step(form))
        elif outbox:
            await self._phones.decline(handset, chance.token_hex(8), outbox)
        return {}


async def _step(form: FormData) -> Step:
    sound = form.get("recording")
    return Step(
        call=_word(form, "call"),
        action=_word(form, "action"),
        outbox=_word(form, "outbox"),
        keys=re.sub(r"[^0-9*#]", "", _word(form, "keys")),
        speech=_word(form, "speech"),
        recording=await _upload(sound, form) if isinstance(sound, UploadFile) else None,
        dialled=_word(form, "dialled"),
    )


def _heard(call: str, scene: Scene) -> dict[str, Any]:
    return {"call": call, "heard": [asdict(one) for one in scene.heard], "wait": asdict(scene.wait)}


def _word(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\0", "") if isinstance(value, str) else ""  # which not every database takes


async def _upload(file: UploadFile, form: FormData) -> Upload:
    seconds = _word(form, "seconds")
    return Upload(
        name=file.filename or "",
        type=(file.content_type or "").partition(";")[0],
        data=await file.read(),
        seconds=int(seconds) if seconds.isascii() and seconds.isdecimal() else 0,
    )


def _person(request: Request) -> str | None:
    """Whose practice phone this is: a browser keeps it in a cookie that no other site can use."""
    person = request.cookies.get(COOKIE, "")
    return person if re.fullmatch(r"[0-9a-f]{24}", person) else None


def _somebody() -> str:
    return chance.token_hex(12)


def _templates() -> Environment:
    return Environment(loader=PackageLoader("bot.web"), autoescape=True)
