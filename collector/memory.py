"""What the collector remembers of recent calls, to recognise other views of them: bounded, in two generations.

When the young generation is full it becomes the old one and the oldest is forgotten, so between one and two
capacities of calls are remembered. Look-ups are set operations over a whole batch: nothing is looped over until
something is found.
"""

from dataclasses import dataclass, field
from itertools import count

import numpy as np

from collector.any_value import Ints
from collector.spans import Keys

_SKEW_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ResponseViews:
    """Views of response ids, side by side: hash of the id, hash of the emitter, start and end in Unix nanoseconds."""

    ids: list[int]
    emitters: list[int]
    start_ns: Ints
    end_ns: Ints

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a batch of calls: span keys, parent span keys (0: none), views of response ids."""

    keys: Keys
    parent_keys: Keys
    responses: ResponseViews


@dataclass(slots=True)
class _Generation:
    spans: set[int] = field(default_factory=set)
    parents: set[int] = field(default_factory=set)
    responses: dict[int, int] = field(default_factory=dict)
    """Hash of a response id → its position in the three lists below."""
    emitters: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(self, stored: Remembered) -> None:
        self.spans.update(stored.keys.tolist())
        self.parents.update(stored.parent_keys[stored.parent_keys != 0].tolist())
        views = stored.responses
        # The first view of an id stays: later ones are compared with what was counted.
        fresh = dict(zip(views.ids, count(len(self.emitters)), strict=False))
        self.responses = fresh | self.responses if self.responses.keys() & fresh.keys() else self._joined(fresh)
        self.emitters += views.emitters
        self.starts += views.start_ns.tolist()
        self.ends += views.end_ns.tolist()

    def _joined(self, fresh: dict[int, int]) -> dict[int, int]:
        self.responses.update(fresh)
        return self.responses

    def is_other_view(self, views: ResponseViews, position: int) -> bool:
        """Another emitter reported the same response id at an overlapping time."""
        known = self.responses.get(views.ids[position])
        if known is None or self.emitters[known] == views.emitters[position]:
            return False
        start, end = int(views.start_ns[position]), int(views.end_ns[position])
        return self.starts[known] <= end + _SKEW_NS and start <= self.ends[known] + _SKEW_NS


class CallMemory:
    """Recent calls by span key, parent span key and response id."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._generations = (_Generation(), _Generation())

    def __len__(self) -> int:
        return sum(len(generation.spans) for generation in self._generations)

    def seen_spans(self, keys: Keys) -> Ints:
        """Positions of spans stored before."""
        return _positions(keys, [generation.spans for generation in self._generations])

    def known_views(self, keys: Keys, parent_keys: Keys) -> Ints:
        """Positions of spans that are the parent or the child of a call stored before."""
        parents = _positions(keys, [generation.parents for generation in self._generations])
        below = np.flatnonzero(parent_keys)
        children = below[_positions(parent_keys[below], [generation.spans for generation in self._generations])]
        return np.union1d(parents, children)

    def known_responses(self, views: ResponseViews) -> list[int]:
        """Positions of views whose response id another emitter reported before, at an overlapping time."""
        if all(generation.responses.keys().isdisjoint(views.ids) for generation in self._generations):
            return []
        return [
            position
            for position in range(len(views))
            if any(generation.is_other_view(views, position) for generation in self._generations)
        ]

    def add(self, stored: Remembered) -> None:
        """Remember stored calls."""
        young, _ = self._generations
        if len(young.spans) >= self._capacity:
            self._generations = (_Generation(), young)
        self._generations[0].add(stored)


def _positions(keys: Keys, known: list[set[int]]) -> Ints:
    wanted = keys.tolist()
    if all(generation.isdisjoint(wanted) for generation in known):
        return np.zeros(0, np.int64)
    return np.array([i for i, key in enumerate(wanted) if any(key in generation for generation in known)], np.int64)
