"""How pytest-xdist shares the tests out: each one is run, and what mostly waits comes first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

WAITING = ("e2e", "kafka")
"""Marks of tests with processes of their own or a broker: they wait more than they compute."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Raises :class:`pytest.UsageError` for repeated ids; in a process of pytest-xdist, brings items into its order."""
    if hasattr(config, "workerinput"):
        items.sort(key=computes)  # stable: the order of files and of tests in them stays
    else:
        refuse_repetitions(item.nodeid for item in items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """In the process that shares out. Raises :class:`pytest.UsageError` for repeated ids."""
    refuse_repetitions(ids)


def refuse_repetitions(ids: Iterable[str]) -> None:
    """Raises :class:`pytest.UsageError` where tests share an id: shared out by files, only one of them would run."""
    if repeated := sorted(one for one, times in Counter(ids).items() if times > 1):
        raise pytest.UsageError(f"several tests have one id, give each its own: {', '.join(repeated)}")


def computes(item: pytest.Item) -> bool:
    """Is it a test that waits for nobody? A file of waiting ones that came last would leave a core idle."""
    return not any(item.get_closest_marker(mark) for mark in WAITING)
