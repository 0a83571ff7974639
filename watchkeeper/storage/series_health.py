"""How calls fared, by series or coarser: counts by outcome, tokens, cost, quantiles of times.

A call that failed cannot say which model would have answered, its row names the one that was asked for: it is counted
with the model that last answered the same use of that model, as the detectors do.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from watchkeeper.log_histogram import below, quantiles
from watchkeeper.storage.call_meaning import NO_ANSWER
from watchkeeper.storage.client import Store
from watchkeeper.storage.histograms import added_up
from watchkeeper.storage.series_cells import COUNTS, SERIES, SUMS, HealthQuery, read_cells

WITHIN_MS = (500, 2_000, 10_000)
"""Times below which calls are counted: :attr:`Times.within`."""

_LEVELS = (0.5, 0.95, 0.99)
_FIRST = datetime.min.replace(tzinfo=UTC)


Series = tuple[str, str, str, str, str]
"""Values of :data:`~.series_cells.SERIES`."""


@dataclass(frozen=True, slots=True)
class Times:
    """Quantiles in microseconds (:mod:`watchkeeper.log_histogram` says how exact); None without a measured call."""

    calls: int
    p50_us: float | None
    p95_us: float | None
    p99_us: float | None
    within: tuple[int, ...]
    """Calls that took less than each of :data:`WITHIN_MS`."""


@dataclass(frozen=True, slots=True)
class HealthRow:
    """One group of calls, in one interval where intervals were asked for."""

    group: dict[str, str]
    start: datetime | None
    series: tuple[Series, ...]
    """The series that its calls are of."""
    calls: int
    outcomes: dict[str, int]
    calls_with_usage: int
    calls_with_cost: int
    calls_unpriced: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    """Sum of the known costs, of ``calls_with_cost`` calls."""
    last_call: datetime
    duration: Times
    """Of answered calls and timeouts whose span ended with the answer, gateway cache hits left out."""
    ttft: Times
    us_per_output_token: Times


def series_health(store: Store, query: HealthQuery) -> list[HealthRow]:
    """Rows by interval, then by calls. Raises as :func:`~.series_cells.read_cells` does."""
    return health_rows(read_cells(store, query), query)


def health_rows(cells: pa.Table, query: HealthQuery) -> list[HealthRow]:
    """The same, of ``cells`` that may have been read for more series than ``query`` chooses."""
    columns = {name: _values(cells[name]) for name in cells.column_names if name not in COUNTS}
    columns["model"] = _answered_by(columns)
    groups = _grouped(columns, query)
    numbers = np.full(cells.num_rows, -1)
    for number, members in enumerate(groups.values()):
        numbers[members] = number
    times = [_times(cells[name], numbers, len(groups)) for name in COUNTS]
    rows = [
        _row(query, group, _added(columns, members), three)
        for (group, members), *three in zip(groups.items(), *times, strict=True)
    ]
    return sorted(rows, key=lambda row: (row.start or _FIRST, -row.calls, *row.group.values()))


def _values(column: pa.ChunkedArray) -> list[Any]:
    # Several times as fast as to_pylist, of which an answer spends a third of its time.
    values: list[Any] = column.to_numpy().tolist()
    return values


_Columns = Mapping[str, Sequence[Any]]
_Group = tuple[int, tuple[str, ...]]
"""Start of the interval, and a value for each dimension."""


def _grouped(columns: _Columns, query: HealthQuery) -> dict[_Group, list[int]]:
    """The cells of each group; what the filter leaves out is in none."""
    chosen = query.chosen.chosen
    wanted = {name: frozenset(chosen[name]) for name in (*SERIES, "outcome") if name in chosen}
    values = [columns[name if name in columns else f"by_{place}"] for place, name in enumerate(query.by)]
    groups: dict[_Group, list[int]] = {}
    for cell, start in enumerate(columns["start"]):
        if all(columns[name][cell] in chosen for name, chosen in wanted.items()):
            groups.setdefault((start, tuple(value[cell] for value in values)), []).append(cell)
    return groups


def _answered_by(columns: _Columns) -> list[str]:
    """The model that each cell is counted with: see the module."""
    models = list(columns["model"])
    last: dict[tuple[str, ...], str] = {}
    workloads = list(zip(*(columns[name] for name in SERIES[:-1]), strict=True))
    lost = [
        model == asked and outcome in NO_ANSWER
        for model, asked, outcome in zip(models, columns["request_model"], columns["outcome"], strict=True)
    ]
    # Of one interval first those that answered, in the order of their last calls.
    order = sorted(range(len(models)), key=lambda i: (columns["start"][i], lost[i], columns["last_call"][i]))
    for cell in order:
        if lost[cell]:
            models[cell] = last.get(workloads[cell], models[cell])
        else:
            last[workloads[cell]] = models[cell]
    return models


def _added(columns: _Columns, members: Sequence[int]) -> dict[str, Any]:
    outcomes: dict[str, int] = defaultdict(int)
    for cell in members:
        outcomes[columns["outcome"][cell]] += columns["calls"][cell]
    return {
        "outcomes": {outcome: calls for outcome, calls in sorted(outcomes.items()) if calls},
        "series": tuple(sorted({tuple(columns[name][cell] for name in SERIES) for cell in members})),
        "last_call": datetime.fromtimestamp(max(columns["last_call"][cell] for cell in members), UTC),
        **{name: sum(columns[name][cell] for cell in members) for name in SUMS},
    }


def _times(maps: pa.ChunkedArray, numbers: npt.NDArray[np.int64], groups: int) -> list[Times]:
    """One for each group; ``numbers`` says which group each cell is in, -1: none."""
    counts = added_up(maps, numbers, groups)
    within = np.stack([below(counts, limit * 1_000) for limit in WITHIN_MS], axis=1).tolist()
    calls = counts.sum(axis=1).astype(np.int64).tolist()
    found = quantiles(counts, _LEVELS)
    return [Times(n, p50, p95, p99, tuple(few)) for n, (p50, p95, p99), few in zip(calls, found, within, strict=True)]


def _row(query: HealthQuery, group: _Group, added: dict[str, Any], times: Sequence[Times]) -> HealthRow:
    start, values = group
    duration, ttft, per_token = times
    return HealthRow(
        group=dict(zip(query.by, values, strict=True)),
        start=datetime.fromtimestamp(start, UTC) if query.interval_s else None,
        cost_usd=Decimal(added.pop("cost_nano")).scaleb(-9),
        duration=duration,
        ttft=ttft,
        us_per_output_token=per_token,
        **added,
    )
