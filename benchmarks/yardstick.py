"""What a webhook costs when nothing comes of it: `python -m benchmarks.yardstick PORT`.

The same server with the same settings verifies and parses each text with Twilio's SDK and answers with
empty TwiML. It has no engine and no store: no service that verifies texts in this way can be quicker.
"""

import argparse
import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from benchmarks.letters import PUBLIC, TOKEN
from bot.serving import run, serve


class Bare:
    """A service that knows its one route and nothing else."""

    def __init__(self) -> None:
        self.web = Starlette(routes=[Route("/twilio/sms", self._text, methods=["POST"])])
        self._validator = RequestValidator(TOKEN)

    async def start(self) -> None:
        """There is nothing to open."""

    async def stop(self) -> None:
        """There is nothing to close."""

    async def _text(self, request: Request) -> Response:
        async with request.form() as form:
            signature = request.headers.get("x-twilio-signature", "")
            if not self._validator.validate(PUBLIC + request.url.path, form, signature):
                return PlainTextResponse("", 403)
        return Response(str(MessagingResponse()), media_type="text/xml")


def main() -> None:
    """Serve on one core, until told to end."""
    given = argparse.ArgumentParser()
    given.add_argument("port", type=int)
    given.add_argument("--core", type=int)
    asked = given.parse_args()
    if asked.core is not None:
        os.sched_setaffinity(0, {asked.core})
    run(serve(Bare(), "127.0.0.1", asked.port, ready=lambda: print("ready", flush=True)))


if __name__ == "__main__":
    main()
