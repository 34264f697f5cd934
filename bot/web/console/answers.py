"""Answers that are no pages: drawings that pages show, files for whoever asked to keep them, and no news."""

from starlette.responses import Response

from bot.web.console.templating import HEADERS

# Whatever is in such a file, a browser runs nothing of it.
SANDBOX = {**HEADERS, "Content-Security-Policy": "default-src 'none'; sandbox"}

UNCHANGED = 204


def no_news() -> Response:
    """What a page shows is still so: nothing in it moves, and whoever is at a link in it stays there."""
    return Response(status_code=UNCHANGED, headers=HEADERS)


def drawing(svg: str, name: str) -> Response:
    """A drawing, to be shown in a page or kept as a file."""
    headers = SANDBOX | named(f"{name}.svg", shown=True)
    return Response(svg, headers=headers, media_type="image/svg+xml")


def to_keep(data: str | bytes, name: str, type_: str) -> Response:
    """A file that a browser keeps under this name."""
    return Response(data, headers=HEADERS | named(name), media_type=type_)


def named(name: str, *, shown: bool = False) -> dict[str, str]:
    """What tells a browser how a file is called, and whether it is `shown` and not only kept."""
    return {"Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{name}"'}
