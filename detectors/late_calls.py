"""Calls that came too late to be judged, by series, so that whoever wonders about silence finds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from detectors.columns import Bools, CallColumns
from detectors.config import DAY_S
from detectors.series import SeriesKey


@dataclass(frozen=True, slots=True)
class Late:
    """Those of one series; begun anew after a day without any."""

    calls: int
    last: float
    """When one was received last, Unix seconds."""


class LateCalls:
    """Of at most ``most`` series; calls of more than these are told of none."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: dict[SeriesKey, Late] = {}

    def note(self, columns: CallColumns, late: Bools, at: float) -> None:
        """Those of ``columns`` where ``late`` [n] were received at ``at`` and left out."""
        found, counts = np.unique(columns.series[late], return_counts=True)
        for position, count in zip(found.tolist(), counts.tolist(), strict=True):
            key = columns.keys[position]
            before = self._of.get(key)
            if before is None and len(self._of) >= self._most and not self._make_room(at):
                continue
            so_far = before.calls if before is not None and at - before.last < DAY_S else 0
            self._of[key] = Late(so_far + count, at)

    def of(self, key: SeriesKey) -> Late | None:
        """Those of a series, or of all series of a parent; None where there are none."""
        own = [late for one, late in self._of.items() if key in (one, one.parent)]
        return Late(sum(one.calls for one in own), max(one.last for one in own)) if own else None

    def all(self) -> Mapping[SeriesKey, Late]:
        """By series."""
        return self._of

    def _make_room(self, at: float) -> bool:
        self._of = {key: late for key, late in self._of.items() if at - late.last < DAY_S}
        return len(self._of) < self._most

    def state(self) -> list[Any]:
        """For a snapshot."""
        return [[list(key), late.calls, late.last] for key, late in self._of.items()]

    @classmethod
    def restore(cls, most: int, state: list[Any]) -> Self:
        """From :meth:`state`."""
        made = cls(most)
        made._of = {SeriesKey(*key): Late(int(calls), float(last)) for key, calls, last in state}
        return made
