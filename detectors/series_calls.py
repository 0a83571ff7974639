"""The calls of one series in a batch, and which of them count for each metric."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from detectors.batch import MetricCalls
from detectors.columns import Bools, CallColumns, Floats, Ints
from detectors.metrics import Kind, Metric
from detectors.strata import StrataIndex, stratum_codes


@dataclass(frozen=True, slots=True, eq=False)
class SeriesCalls:
    """The ``n`` calls of one series in a batch, in the order of time; columns as in :class:`.columns.CallColumns`."""

    ts: Floats
    counted: Bools
    bad: Bools
    logs: Floats
    """[n, values] logarithms; NaN where a call has no such value."""
    prompt: Ints
    output: Ints

    def part(self, begin: int, end: int) -> "SeriesCalls":
        """A run of them."""
        return SeriesCalls(*(getattr(self, name)[begin:end] for name in self.__slots__))


def series_calls(columns: CallColumns, rows: Ints) -> SeriesCalls:
    """The calls at ``rows`` of a batch."""
    return SeriesCalls(
        columns.ts[rows],
        columns.counted[rows],
        columns.bad[rows],
        np.log(columns.values[rows]),
        columns.prompt_bucket[rows],
        columns.output_bucket[rows],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Calls and the blocks that they fell into."""

    calls: SeriesCalls
    block: Ints
    """[n] position of the block in the batch."""
    first_block: int
    """Running number of block 0."""


class Numbering:
    """Numbers of the strata of calls, worked out once for all metrics that keep calls apart alike."""

    def __init__(self, calls: SeriesCalls, strata: dict[str, StrataIndex]) -> None:
        self._calls, self._strata = calls, strata
        self._settled: dict[tuple[str, str], Ints] = {}

    def of(self, metric: Metric, rows: Ints | slice) -> tuple[Ints, int]:
        """The numbers of the calls at ``rows``, and how many numbers are in use. Others are numbered by nobody."""
        name = metric.strata.value if metric.kind is Kind.VALUE else "rate"
        index, key = self._strata[name], (name, metric.strata.value)
        if key not in self._settled:
            codes = stratum_codes(metric, self._calls.prompt, self._calls.output)
            settled = index.settled(codes)
            if settled is None:
                return index.number(codes[rows]), index.size
            self._settled[key] = settled
        return self._settled[key][rows], index.size


def of_metrics(
    placed: Placed, metrics: Sequence[tuple[int, Metric]], rates: int, strata: dict[str, StrataIndex]
) -> Iterator[tuple[int, MetricCalls]]:
    """The calls that count for each of ``metrics`` (with its position; ``rates`` come first), where there are any."""
    calls, numbering = placed.calls, Numbering(placed.calls, strata)
    present: Bools = np.hstack([calls.counted[:, :rates], ~np.isnan(calls.logs)])
    some, every = np.any(present, axis=0).tolist(), np.all(present, axis=0).tolist()
    for m, metric in metrics:
        if not some[m]:
            continue
        rows = slice(None) if every[m] else np.flatnonzero(present[:, m])
        stratum, size = numbering.of(metric, rows)
        value = calls.bad[rows, m].astype(np.float64) if m < rates else calls.logs[rows, m - rates]
        yield m, MetricCalls(calls.ts[rows], value, stratum, size, placed.block[rows], placed.first_block)
