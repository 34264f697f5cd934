"""The ground the project stands on: what is locked, and that every dependency is accounted for."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")


def direct(group: str) -> set[str]:
    """Name the direct dependencies of a group: run, build or dev."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] if group == "run" else project["dependency-groups"][group]
    return {re.split(r"[\[<>=]", line)[0] for line in wanted}


def locked(lock: str) -> set[str]:
    """Name and pin everything in a lock."""
    return set(re.findall(r"^([a-z0-9-]+==[^ ]+)", (ROOT / lock).read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_and_hashes_and_names_no_place(lock: str) -> None:
    pin = r"[a-z0-9-]+==[\w.]+( ; [\w '!=<>._-]+)? \\"
    line = re.compile(rf"{pin}|    --hash=sha256:[0-9a-f]{{64}}( \\)?")
    assert [text for text in (ROOT / lock).read_text().splitlines() if not line.fullmatch(text)] == []


def test_tests_run_on_the_versions_that_are_served() -> None:
    assert locked("requirements.lock") < locked("requirements-dev.lock")


@pytest.mark.parametrize(
    ("lock", "groups"), [(LOCKS[0], ("run", "build")), (LOCKS[1], ("run", "build", "dev"))]
)
def test_every_direct_dependency_is_locked(lock: str, groups: tuple[str, ...]) -> None:
    names = {pin.partition("==")[0] for pin in locked(lock)}
    assert set().union(*(direct(group) for group in groups)) <= names


def test_every_direct_dependency_has_its_reason_and_licence() -> None:
    rows = re.findall(
        r"^\| ([a-z][a-z0-9-]+) \| ", (ROOT / "docs/dependencies.md").read_text(), flags=re.MULTILINE
    )
    assert set(rows) - {"name"} == direct("run") | direct("build") | direct("dev")
