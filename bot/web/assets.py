"""What pages are made with: style sheets, scripts and letters, all of them from here."""

from pathlib import Path

from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

HERE = Path(__file__).parent


def routes() -> list[BaseRoute]:
    """Everything below /static."""
    return [
        Mount("/static/fonts", StaticFiles(directory=HERE.parent / "fonts")),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
