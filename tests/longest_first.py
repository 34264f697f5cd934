"""Lets the tests that take longest begin first, so that at the end nobody waits for one of them."""

import os

import pytest

LONGEST = (  # in the order in which they take long
    "test_one_of_two_processes_may_be_killed_at_any_moment",
    "test_nobody_who_stopped_is_written_to",
    "test_nothing_is_lost_and_nothing_comes_twice_whenever_it_is_killed",
    "test_every_page_obeys_the_rules_at_both_widths",
    "test_the_other_kind_of_database_has_every_page_too",
    "test_a_benchmark_runs_and_ends_with_its_numbers",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each worker begins with an equal share of the list, and takes from others' ends when it is done."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    first = sorted((one for one in items if _place(one) < len(LONGEST)), key=_place)
    rest = [one for one in items if _place(one) == len(LONGEST)]
    left, ordered = len(items), list[pytest.Item]()
    for n in range(workers):
        share = left // (workers - n)
        mine = first[n::workers]
        ordered += mine + rest[: share - len(mine)]
        del rest[: share - len(mine)]
        left -= share
    items[:] = ordered + rest


def _place(item: pytest.Item) -> int:
    name = getattr(item, "originalname", item.name)
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)
