"""Drawn calls summed into cells by numpy, as :func:`watchkeeper.storage.comparison_cells.comparison_cells` sums stored
ones; a test shows that both agree.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from benchmarks.compare_traffic import (
    ERROR,
    FORMAT_INVALID,
    OK,
    OUTPUT_TYPES,
    REFUSED,
    ROUTES,
    TRUNCATED,
    Calls,
    Floats,
    Ints,
)
from watchkeeper.storage.comparison_cells import HALF_OCTAVE

_US = 1_000_000
_CHECKED = tuple(place for place, kind in enumerate(OUTPUT_TYPES) if kind == "json")
"""Routes whose format is checked."""
NAMES = ("error", "refusal", "truncation", "format_failure", "latency", "cost_per_useful_call")
"""Metrics that the drawn calls have."""


@dataclass(frozen=True, slots=True, eq=False)
class Summed:
    """Calls of one cohort, each with its cell and its part in every sum, so that a look at the first ones is quick."""

    cells: pa.Table
    """Of all calls, without sums: route, bucket, output type, block."""
    cell: Ints
    """[n] the row of each call in ``cells``."""
    parts: dict[str, Floats]
    """[n] by column."""

    @classmethod
    def of(cls, calls: Calls, block_s: int) -> Self:
        """All calls, in blocks of ``block_s`` seconds."""
        x = np.log(np.maximum(calls.input_tokens, 1).astype(np.float64))
        keys = (calls.route, np.floor(x / HALF_OCTAVE).astype(np.int64), calls.at_us // _US // block_s)
        words, cell = np.unique(np.column_stack(keys), axis=0, return_inverse=True)
        return cls(_named(words), cell.ravel(), _parts(calls, x))

    def first(self, n: int) -> pa.Table:
        """The cells of the first ``n`` calls, as SQL would sum them."""
        rows, cell = self.cells.num_rows, self.cell[:n]
        found = np.flatnonzero(np.bincount(cell, minlength=rows))
        sums = {name: np.bincount(cell, part[:n], rows)[found] for name, part in self.parts.items()}
        keys = self.cells.take(pa.array(found))
        return pa.table({**{name: keys[name] for name in keys.column_names}, **sums})


def _named(words: Ints) -> pa.Table:
    routes, types = pa.array(ROUTES), pa.array(OUTPUT_TYPES)
    return pa.table(
        {
            "route": routes.take(pa.array(words[:, 0])),
            "bucket": pa.array(words[:, 1], pa.int32()),
            "output_type": types.take(pa.array(words[:, 0])),
            "block": words[:, 2],
        }
    )


def _parts(calls: Calls, x: Floats) -> dict[str, Floats]:
    outcome = calls.outcome
    answered, good, useful = outcome != ERROR, (outcome != ERROR) & (outcome != REFUSED), outcome == OK
    y = np.where(good, np.log(calls.duration_us / 1e6), 0.0)
    cost = calls.cost_nano_usd / 1e9
    found = {
        "n_error": np.ones(len(x)),
        "bad_error": outcome == ERROR,
        "n_refusal": answered,
        "bad_refusal": outcome == REFUSED,
        "n_truncation": answered,
        "bad_truncation": outcome == TRUNCATED,
        "n_format_failure": answered,
        "bad_format_failure": outcome == FORMAT_INVALID,
        "n_latency": good,
        "y_latency": y,
        "yy_latency": y * y,
        "x_latency": x * good,
        "xx_latency": x * x * good,
        "xy_latency": x * y,
        "known_format_failure": answered & np.isin(calls.route, _CHECKED),
        "n_cost": np.ones(len(x)),
        "cost": cost,
        "cost_squared": cost * cost,
        "useful": useful,
        "cost_of_useful": cost * useful,
    }
    return {name: values.astype(np.float64) for name, values in found.items()}
