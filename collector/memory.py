"""What the collector remembers of recent calls, to recognise other views of them: bounded, in two generations.

When the young generation is full it becomes the old one and the oldest is forgotten, so between one and two
capacities of calls are remembered. All of it lies in arrays of a fixed size: the process does not grow with them, and
look-ups are column work.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from collector.any_value import Ints
from collector.key_table import KeyTable
from collector.spans import Keys

_SKEW_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ResponseViews:
    """Views of response ids, side by side: hash of the id, hash of the emitter, start and end in Unix nanoseconds."""

    ids: Ints
    emitters: Ints
    start_ns: Ints
    end_ns: Ints

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, chosen: npt.NDArray[np.bool_]) -> "ResponseViews":
        """Those that are ``chosen``."""
        return ResponseViews(self.ids[chosen], self.emitters[chosen], self.start_ns[chosen], self.end_ns[chosen])


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a batch of calls: span keys, parent span keys (0: none), views of response ids.

    ``response_call`` says which call (by position in ``keys``) each view is of, in ascending order.
    """

    keys: Keys
    parent_keys: Keys
    responses: ResponseViews
    response_call: Ints

    def part(self, start: int, end: int) -> "Remembered":
        """The calls ``start`` to ``end``."""
        chosen = (self.response_call >= start) & (self.response_call < end)
        views, calls = self.responses.part(chosen), self.response_call[chosen] - start
        return Remembered(self.keys[start:end], self.parent_keys[start:end], views, calls)


class _Generation:
    def __init__(self, capacity: int) -> None:
        self.spans = KeyTable(capacity)
        self.parents = KeyTable(capacity)
        self._responses = KeyTable(capacity)
        size = self._responses.size
        self._emitters, self._starts, self._ends = (np.zeros(size, np.int64) for _ in range(3))

    def add(self, stored: Remembered) -> None:
        self.spans.add(stored.keys)
        self.parents.add(stored.parent_keys[stored.parent_keys != 0])
        views = stored.responses
        slots, fresh = self._responses.add(views.ids.view(np.uint64))
        # The first view of an id stays, later ones are compared with what was counted. Backwards, as the last
        # write to a slot stays.
        slots, fresh_views = slots[fresh][::-1], views.part(fresh)
        self._emitters[slots] = fresh_views.emitters[::-1]
        self._starts[slots] = fresh_views.start_ns[::-1]
        self._ends[slots] = fresh_views.end_ns[::-1]

    def clear(self) -> None:
        for table in (self.spans, self.parents, self._responses):
            table.clear()

    def other_views(self, views: ResponseViews) -> Ints:
        """Positions of views whose response id another emitter reported at an overlapping time."""
        slots = self._responses.find(views.ids.view(np.uint64))
        known = np.flatnonzero(slots >= 0)
        slots = slots[known]
        other = self._emitters[slots] != views.emitters[known]
        other &= self._starts[slots] <= views.end_ns[known] + _SKEW_NS
        other &= views.start_ns[known] <= self._ends[slots] + _SKEW_NS
        found: Ints = known[other]
        return found


class CallMemory:
    """Recent calls by span key, parent span key and response id."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._young, self._old = _Generation(capacity), _Generation(capacity)

    def __len__(self) -> int:
        return self._young.spans.count + self._old.spans.count

    def seen_spans(self, keys: Keys) -> Ints:
        """Positions of spans stored before."""
        return _positions(keys, self._young.spans, self._old.spans)

    def known_views(self, keys: Keys, parent_keys: Keys) -> Ints:
        """Positions of spans that are the parent or the child of a call stored before."""
        parents = _positions(keys, self._young.parents, self._old.parents)
        below = np.flatnonzero(parent_keys)
        children = below[_positions(parent_keys[below], self._young.spans, self._old.spans)]
        return np.union1d(parents, children)

    def known_responses(self, views: ResponseViews) -> list[int]:
        """Positions of views whose response id another emitter reported before, at an overlapping time."""
        found = np.union1d(self._young.other_views(views), self._old.other_views(views))
        return [int(position) for position in found]

    def add(self, stored: Remembered) -> None:
        """Remember stored calls."""
        start, count = 0, len(stored.keys)
        while start < count:
            room = self._capacity - self._young.spans.count
            if room <= 0:
                # The oldest arrays are used again: new ones would leave their holes in the heap.
                self._young, self._old = self._old, self._young
                self._young.clear()
                room = self._capacity
            end = min(count, start + room)
            self._young.add(stored.part(start, end))
            start = end


def _positions(keys: Keys, young: KeyTable, old: KeyTable) -> Ints:
    return np.flatnonzero((young.find(keys) >= 0) | (old.find(keys) >= 0)).astype(np.int64)
