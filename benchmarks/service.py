"""The real service in a process of its own: `python -m benchmarks.service`, settings in the environment."""

import argparse
import os
import signal
from pathlib import Path

from benchmarks.sampling import Samples
from bot import logs
from bot.app import App
from bot.serving import run, serve
from bot.settings import load
from bot.tasks import Loop

OUTWARD = ("lanes", "telegram", "catching_up")


class Unsent(App):
    """The service with its lanes off: what it says stays in the outbox, and no provider is spoken to."""

    def loops(self) -> dict[str, Loop]:
        """All but those that speak to providers."""
        return {name: loop for name, loop in super().loops().items() if name not in OUTWARD}


def main() -> None:
    """Serve as `takepart serve` does, on one core, until told to end."""
    given = argparse.ArgumentParser()
    given.add_argument("--core", type=int)
    given.add_argument("--lanes", action="store_true")
    given.add_argument("--seen", type=Path)
    asked = given.parse_args()
    if asked.core is not None:
        os.sched_setaffinity(0, {asked.core})
    logs.configure()
    settings = load(None)
    app = App(settings) if asked.lanes else Unsent(settings)
    samples = Samples()
    signal.signal(signal.SIGUSR1, lambda *_: samples.begin())
    run(serve(app, settings.host, settings.port, ready=lambda: print("ready", flush=True)))
    if asked.seen:
        samples.write(asked.seen)


if __name__ == "__main__":
    main()
