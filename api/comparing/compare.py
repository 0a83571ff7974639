"""All metrics of two cohorts, judged together: one level for the lot, one verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from api.comparing.cells import BASELINE, CANDIDATE, Cells, Floats, Measured, Spent
from api.comparing.effects import Effect, cost_effect, rate_effect, value_effect
from api.comparing.verdict import Judged, Verdict, judge, together

RATES = ("error", "rate_limit", "refusal", "truncation", "format_failure", "empty")
VALUES = ("latency", "time_to_first_token", "time_per_output_token", "output_tokens")
COST = "cost_per_useful_call"
METRICS = (*RATES, *VALUES, COST)
DEFAULT = ("error", "refusal", "truncation", "format_failure", "latency", COST)
"""What decides when nothing else is asked for."""
_STRATUM = ("route", "bucket", "output_type")


@dataclass(frozen=True, slots=True)
class Margin:
    """How much worse is not worse yet: the larger of a share of the baseline and an absolute difference."""

    relative: float
    absolute: float = 0.0


MARGINS: Mapping[str, Margin] = {
    **dict.fromkeys(RATES, Margin(0.25, 0.005)),
    **dict.fromkeys(VALUES, Margin(0.10)),
    COST: Margin(0.05),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """The outcome: each metric asked for, and what they say together."""

    verdict: Verdict
    metrics: Mapping[str, Judged]
    level: float
    """Of each metric: the level asked for, shared out among those with data (Bonferroni)."""


def compare(
    baseline: pa.Table,
    candidate: pa.Table,
    metrics: Sequence[str] = DEFAULT,
    margins: Mapping[str, Margin] = MARGINS,
    level: float = 0.05,
) -> Compared:
    """Judge ``candidate`` against ``baseline``, tables of cells (``watchkeeper.storage.comparison_cells``).

    The chance of any wrong "better" or "worse", over all metrics and all looks, is at most ``level``. A metric neither
    cohort has data for is left out.
    """
    cells, table = _cells(baseline, candidate)
    effects = {name: _effect(cells, table, name) for name in metrics}
    told = {name: effect for name, effect in effects.items() if sum(effect.calls) or _has_calls(table, name)}
    share = level / max(1, len(told))
    judged = {name: judge(effect, _margin(name, effect, margins), share) for name, effect in told.items()}
    return Compared(together(list(judged.values())), judged, share)


def _cells(baseline: pa.Table, candidate: pa.Table) -> tuple[Cells, pa.Table]:
    """Both cohorts below each other, strata and blocks numbered."""
    table = pa.concat_tables([baseline, candidate], promote_options="permissive")
    cohort = np.repeat([BASELINE, CANDIDATE], [baseline.num_rows, candidate.num_rows])
    words = zip(*(table[name].to_pylist() for name in _STRATUM), strict=True)
    numbers: dict[tuple[object, ...], int] = {}
    stratum = np.array([numbers.setdefault(word, len(numbers)) for word in words], np.int64)
    block = table["block"].to_numpy().astype(np.int64)
    return Cells(cohort.astype(np.int64), stratum, block - block.min(initial=0) if len(block) else block), table


def _effect(cells: Cells, table: pa.Table, metric: str) -> Effect:
    if metric == COST:
        names = ("n_cost", "cost", "cost_squared", "useful", "cost_of_useful")
        return cost_effect(cells, Spent(*(_column(table, name) for name in names)))
    if metric in RATES:
        bad = _column(table, f"bad_{metric}")
        return rate_effect(cells, Measured(_column(table, f"n_{metric}"), bad, bad))
    sums = (_column(table, f"{short}_{metric}") for short in ("n", "y", "yy", "x", "xx", "xy"))
    return value_effect(cells, Measured(*sums))


def _margin(metric: str, effect: Effect, margins: Mapping[str, Margin]) -> float:
    margin = margins[metric]
    if metric in RATES:
        return max(margin.absolute, margin.relative * effect.baseline)
    return float(np.log1p(margin.relative))


def _has_calls(table: pa.Table, metric: str) -> bool:
    name = "n_cost" if metric == COST else f"n_{metric}"
    return bool(_column(table, name).sum() > 0)


def _column(table: pa.Table, name: str) -> Floats:
    column: Floats = table[name].to_numpy().astype(np.float64)
    return column
