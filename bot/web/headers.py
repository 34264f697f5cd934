"""What every answer says to browsers: don't guess, don't frame, don't tell others where you came from."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
}


_ENCODED = [(name.lower().encode(), value.encode()) for name, value in ALWAYS.items()]


class Headers:
    """Adds what a page has not said itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = message["headers"]
                names = {name for name, _ in said}
                message["headers"] = [*said, *(pair for pair in _ENCODED if pair[0] not in names)]
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)
