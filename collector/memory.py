"""What the collector remembers of recent calls, to recognise other views of them: bounded, in two generations.

When the young generation is full it becomes the old one and the oldest is forgotten, so between one and two
capacities of calls are remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.spans import Keys

SeenCall = tuple[str, str, int, int]
"""Response id, emitter, start and end in Unix nanoseconds."""

_SKEW_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a batch of calls: span keys, parent span keys (0: none), views of response ids."""

    keys: Keys
    parent_keys: Keys
    responses: Sequence[SeenCall]


class CallMemory:
    """Recent calls by span key, parent span key and response id."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._spans: list[set[int]] = [set(), set()]
        self._parents: list[set[int]] = [set(), set()]
        self._responses: list[dict[int, tuple[int, int, int]]] = [{}, {}]

    def __len__(self) -> int:
        return sum(len(generation) for generation in self._spans)

    def seen_spans(self, keys: Keys) -> list[int]:
        """Positions of spans stored before."""
        young, old = self._spans
        if not young and not old:
            return []
        return [i for i, key in enumerate(keys.tolist()) if key in young or key in old]

    def known_views(self, keys: Keys, parent_keys: Keys) -> list[int]:
        """Positions of spans that are the parent or the child of a call stored before."""
        young, old = self._spans
        young_parents, old_parents = self._parents
        return [
            i
            for i, (key, parent) in enumerate(zip(keys.tolist(), parent_keys.tolist(), strict=True))
            if key in young_parents or key in old_parents or (parent and (parent in young or parent in old))
        ]

    def known_responses(self, views: Sequence[SeenCall]) -> list[int]:
        """Positions of views whose response id another emitter reported before, at an overlapping time."""
        young, old = self._responses
        found = []
        for position, (response_id, emitter, start, end) in enumerate(views):
            key = hash(response_id)
            seen = young.get(key) or old.get(key)
            if seen and seen[0] != hash(emitter) and seen[1] <= end + _SKEW_NS and start <= seen[2] + _SKEW_NS:
                found.append(position)
        return found

    def add(self, stored: Remembered) -> None:
        """Remember stored calls."""
        if len(self._spans[0]) >= self._capacity:
            self._spans = [set(), self._spans[0]]
            self._parents = [set(), self._parents[0]]
            self._responses = [{}, self._responses[0]]
        self._spans[0].update(stored.keys.tolist())
        self._parents[0].update(stored.parent_keys[stored.parent_keys != 0].tolist())
        young = self._responses[0]
        for response_id, emitter, start, end in stored.responses:
            young.setdefault(hash(response_id), (hash(emitter), start, end))
