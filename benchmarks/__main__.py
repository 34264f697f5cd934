"""Runs every benchmark, one after the other."""

import importlib
import pkgutil

import benchmarks


def main() -> None:
    """Run each `bench_*` module, or say that there is none."""
    names = [
        found.name for found in pkgutil.iter_modules(benchmarks.__path__) if found.name.startswith("bench_")
    ]
    if not names:
        print("No benchmark exists yet.")
    for name in names:
        print(f"== {name}")
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
