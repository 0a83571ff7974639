"""Python's search for cyclic garbage, set for a process that works in batches."""

import gc

_NEW_OBJECTS = 50_000
_YOUNG_SEARCHES = 20


def search_less_often() -> None:
    """Leave what is loaded by now out of every further search, and search after more new objects.

    A batch makes tens of thousands of objects that are freed without a search; with Python's own thresholds to look
    through them, and again and again through all modules, took a seventh of the time of a span.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG_SEARCHES, _YOUNG_SEARCHES)
