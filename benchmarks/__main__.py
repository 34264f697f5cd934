"""Runs the benchmarks that are named, or all: `python -m benchmarks turns --short`."""

import argparse
import importlib
import pkgutil
import signal
import sys

import benchmarks

PREFIX = "bench_"


def main() -> None:
    """Run them one after the other."""
    names = [
        found.name.removeprefix(PREFIX)
        for found in pkgutil.iter_modules(benchmarks.__path__)
        if found.name.startswith(PREFIX)
    ]
    given = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    given.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names), default=names)
    given.add_argument("--short", action="store_true", help="only see that it runs, in seconds")
    asked = given.parse_args()
    if unknown := sorted(set(asked.names) - set(names)):
        given.error(f"there is no benchmark {', '.join(unknown)}: there are {', '.join(names)}")
    # Ended from outside, it is to end what it has started too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended."))
    for name in asked.names:
        importlib.import_module(f"benchmarks.{PREFIX}{name}").main(short=asked.short)


if __name__ == "__main__":
    main()
