"""The search for cyclic garbage of a process that works in batches."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from watchkeeper.cli.garbage import search_less_often


class Knot:
    """Refers to itself, so that only a search frees it."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_loaded_is_left_out_and_later_garbage_is_still_found() -> None:
    search_less_often()
    assert gc.get_freeze_count() > 10_000
    assert gc.isenabled() and gc.get_threshold()[0] > 10_000
    knot = weakref.ref(Knot())
    gc.collect()
    assert knot() is None
