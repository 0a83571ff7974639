"""One pair of cohorts, looked at again and again: what was ever said of it, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from api.comparing.compare import compare
from api.comparing.verdict import Verdict
from benchmarks.compare_cells import NAMES, Summed
from benchmarks.compare_traffic import Law, drawn, rate_of_pair
from watchkeeper.storage.comparison_cells import block_seconds

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pair:
    """One simulated comparison; equal seeds give equal calls."""

    baseline: Law
    candidate: Law
    looks: tuple[int, ...]
    """Calls of either cohort at each look."""
    seed: tuple[int, ...]
    level: float = 0.05


@dataclass(frozen=True, slots=True)
class Seen:
    """What was said of a pair."""

    first: Mapping[str, Mapping[str, int]]
    """Metric → verdict → calls at the first look that said so; ``all`` is the verdict over all metrics."""
    last: Mapping[str, str]
    """Metric → verdict at the last look."""

    def ever(self, *verdicts: Verdict) -> set[str]:
        """Metrics of which one of these was ever said."""
        return {name for name, found in self.first.items() if name != ALL and any(one in found for one in verdicts)}


ALL = "all"


def seen(pair: Pair) -> Seen:
    """Look at ``pair`` at all of its looks."""
    random = np.random.default_rng(pair.seed)
    per_minute, most = rate_of_pair(pair.baseline, random), max(pair.looks)
    sides = [
        Summed.of(drawn(law, most, per_minute, random), block_s(most, per_minute))
        for law in (pair.baseline, pair.candidate)
    ]
    first: dict[str, dict[str, int]] = {}
    last: dict[str, str] = {}
    for n in pair.looks:
        found = compare(sides[0].first(n), sides[1].first(n), NAMES, level=pair.level)
        last = {ALL: found.verdict, **{name: judged.verdict for name, judged in found.metrics.items()}}
        for name, verdict in last.items():
            first.setdefault(name, {}).setdefault(verdict, n)
    return Seen(first, last)


def block_s(calls: int, per_minute: float) -> int:
    """Seconds of a block, of a cohort of so many calls."""
    return block_seconds(_BEGIN, _BEGIN + timedelta(minutes=calls / per_minute))


def count(found: Sequence[Seen], *verdicts: Verdict) -> int:
    """Pairs of which one of these was ever said by any metric."""
    return sum(bool(one.ever(*verdicts)) for one in found)
