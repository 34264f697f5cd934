"""What Twilio still holds of somebody, and having it removed there: messages, calls, pictures, recordings."""

from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from aiohttp import ClientError
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from channels.base import FetchRefused
from channels.twilio_faults import outcome_of
from channels.twilio_media import Files

Kind = Literal["message", "call"]

MOST = 2000  # of each kind that one look lists; what is beyond them is listed when these have gone
_PAGE = 1000
_GONE = 404
_LATER = "Twilio did not remove it. It is asked again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A message or call with somebody, as Twilio lists it. `came`: from them to us."""

    kind: Kind
    sid: str
    came: bool
    at: datetime


class RemoveLater(Exception):
    """It is not gone yet, or Twilio is away: try again. The message is for the operator."""


class Removing:
    """Asks the account to remove things. What is gone already counts as removed."""

    def __init__(self, client: Client, files: Files) -> None:
        self._client = client
        self._files = files

    async def message(self, sid: str) -> None:
        """Remove a message with its pictures; raise RemoveLater."""
        message = self._client.messages(sid)
        for one in await _listed(message.media.list_async(page_size=_PAGE)):
            await _told(message.media(one.sid).delete_async())
        await _told(message.delete_async())

    async def call(self, sid: str) -> None:
        """Remove a call with its recordings; raise RemoveLater."""
        for one in await _listed(self._client.recordings.list_async(call_sid=sid, page_size=_PAGE)):
            if one.call_sid == sid:
                await _told(self._client.recordings(one.sid).delete_async())
        await _told(self._client.calls(sid).delete_async())

    async def file(self, address: str) -> None:
        """Remove a picture or recording by its address; raise RemoveLater."""
        try:
            removed = await self._files.discard(address)
        except FetchRefused:  # not an address of Twilio's: there is nothing to remove there
            return
        if not removed:
            raise RemoveLater(_LATER)

    async def of(self, number: str, ours: Collection[str], until: datetime) -> Sequence[Trace]:
        """The messages and calls between a number and ours until then; raise RemoveLater.

        The account may have other numbers, with which other services speak to the same person.
        """
        found: list[Trace] = []
        lists: tuple[tuple[Kind, Any], ...] = (
            ("message", self._client.messages),
            ("call", self._client.calls),
        )
        for kind, listing in lists:
            for way in ("from_", "to"):
                asking = listing.list_async(**{way: number}, limit=MOST, page_size=_PAGE)
                listed = await _listed(asking)
                found += _traces(kind, number, ours, listed, until)
        return found


def _traces(
    kind: Kind, number: str, ours: Collection[str], listed: Sequence[Any], until: datetime
) -> list[Trace]:
    """Only what really is of this number, whatever was listed."""
    return [
        Trace(kind=kind, sid=one.sid, came=sender == number, at=at)
        for one in listed
        if one.sid and {sender := _sender(one), one.to} in ({number, our} for our in ours)
        if (at := _made(one) or until) <= until
    ]


def _sender(one: Any) -> str:
    """From whom it came; the SDK calls this otherwise for calls than for messages."""
    return str(getattr(one, "from_", None) or getattr(one, "_from", None) or "")


def _made(one: Any) -> datetime | None:
    """When it was made; the SDK leaves a date as text where it can't read it."""
    return one.date_created if isinstance(one.date_created, datetime) else None


async def _listed(asking: Awaitable[list[Any]]) -> list[Any]:
    try:
        return await asking
    except Exception as error:
        if _status(error) == _GONE:  # what it would be a list of is gone, or this server has no such list
            return []
        raise RemoveLater(_sentence(error)) from None


async def _told(asking: Awaitable[bool]) -> None:
    try:
        removed = await asking
    except Exception as error:
        if _status(error) == _GONE:
            return
        raise RemoveLater(_sentence(error)) from None
    if not removed:
        raise RemoveLater(_LATER)


def _status(error: Exception) -> int:
    """The HTTP status that Twilio answered with; 0 where it did not answer."""
    answer = error.args[-1] if isinstance(error, TwilioException) and error.args else None
    if isinstance(answer, Response):  # the SDK's own error for a list tells nothing but this
        return int(answer.status_code)
    return int(getattr(error, "status", 0) or 0)


def _sentence(error: Exception) -> str:
    if isinstance(error, ClientError | TimeoutError | OSError):
        return "Twilio could not be reached. It is asked again."
    said = outcome_of(error)
    return said.sentence if said.outcome == "ours" else _LATER
