"""All metrics of two cohorts, judged together: one level for the lot, one verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from api.comparing.cells import BASELINE, CANDIDATE, Cells, Floats, Ints, Measured, Spent
from api.comparing.effects import Effect, cost_effect, rate_effect, value_effect
from api.comparing.verdict import Judged, Verdict, judge, together
from watchkeeper.score_names import lower_is_better

RATES = ("error", "rate_limit", "refusal", "truncation", "format_failure", "empty")
VALUES = ("latency", "time_to_first_token", "time_per_output_token", "output_tokens")
COST = "cost_per_useful_call"
METRICS = (*RATES, *VALUES, COST)
SCORE = "score:"
"""Before the name of a score, it is the metric of that score's mean."""
DEFAULT = ("error", "refusal", "truncation", "format_failure", "latency", COST)
"""What decides when nothing else is asked for."""
_STRATUM = ("route", "bucket", "output_type")
_CHECKED = "known_format_failure"


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
SCORE_MARGIN = Margin(0.05)
_SCORE_SPREADS = 0.1
"""The least margin of a score, in standard deviations: its mean may be 0."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The outcome: each metric asked for, and what they say together."""

    verdict: Verdict
    metrics: Mapping[str, Judged]
    level: float
    """Of each metric: the level asked for, shared out among all that were asked for (Bonferroni)."""


def compare(
    baseline: pa.Table,
    candidate: pa.Table,
    metrics: Sequence[str] = DEFAULT,
    margins: Mapping[str, Margin] = MARGINS,
    level: float = 0.05,
) -> Compared:
    """Judge ``candidate`` against ``baseline``, tables of cells (``watchkeeper.storage.comparison_cells``).

    A metric is one of :data:`METRICS`, or ``score:NAME`` where the cells hold that score
    (``watchkeeper.storage.comparison_scores``). The chance of any wrong "better" or "worse", over all metrics and all
    looks, is at most ``level``. A metric neither cohort has data for is left out; its share of the level is kept, for
    data may come before the next look.
    """
    cells, table = _cells(baseline, candidate)
    effects = {name: _effect(cells, table, name) for name in metrics if _has_calls(table, name)}
    share = level / max(1, len(metrics))
    judged = {name: judge(effect, margin_of(name, effect, margins), share) for name, effect in effects.items()}
    return Compared(together(list(judged.values())), judged, share)


def margin_of(metric: str, effect: Effect, margins: Mapping[str, Margin]) -> float:
    """The margin in the unit of ``effect``. Raises :class:`KeyError` for a metric that has none."""
    if metric.startswith(SCORE):
        margin = margins.get(metric, SCORE_MARGIN)
        return max(margin.absolute, margin.relative * abs(effect.baseline), _SCORE_SPREADS * effect.spread)
    margin = margins[metric]
    if metric in RATES:
        return max(margin.absolute, margin.relative * effect.baseline)
    return float(np.log1p(margin.relative))


def _cells(baseline: pa.Table, candidate: pa.Table) -> tuple[Cells, pa.Table]:
    """Both cohorts below each other, strata and blocks numbered."""
    table = pa.concat_tables([baseline, candidate], promote_options="permissive")
    cohort = np.repeat([BASELINE, CANDIDATE], [baseline.num_rows, candidate.num_rows])
    _, block = np.unique(table["block"].to_numpy(), return_inverse=True)
    return Cells(cohort.astype(np.int64), _numbered(table, _STRATUM), block.astype(np.int64)), table


def _numbered(table: pa.Table, names: Sequence[str]) -> Ints:
    """[R] a number for each combination of the columns ``names``."""
    number = np.zeros(table.num_rows, np.int64)
    for name in names:
        codes = table[name].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
        _, number = np.unique(number * (codes.max(initial=0) + 1) + codes, return_inverse=True)
    return number.astype(np.int64)


def _effect(cells: Cells, table: pa.Table, metric: str) -> Effect:
    if metric == COST:
        names = ("n_cost", "cost", "cost_squared", "useful", "cost_of_useful")
        return cost_effect(cells, Spent(*(_column(table, name) for name in names)))
    if metric in RATES:
        bad, applies = _column(table, f"bad_{metric}"), _applies(table, metric)
        return rate_effect(cells, Measured(_column(table, f"n_{metric}") * applies, bad * applies))
    n, y, *rest = (_column(table, f"{short}_{metric}") for short in ("n", "y", "yy", "x", "xx", "xy"))
    # A positive effect is worse.
    sign = -1.0 if metric.startswith(SCORE) and not lower_is_better(metric.removeprefix(SCORE)) else 1.0
    yy, x, xx, xy = rest
    return value_effect(cells, Measured(n, sign * y, yy, x, xx, sign * xy))


def _applies(table: pa.Table, metric: str) -> Floats:
    """[R] 1 for cells of routes and kinds of output of which a format was ever checked, for other rates all 1."""
    if metric != "format_failure" or _CHECKED not in table.column_names:
        return np.ones(table.num_rows)
    group = _numbered(table, ("route", "output_type"))
    checked: Floats = (np.bincount(group, _column(table, _CHECKED)) > 0).astype(np.float64)
    return checked[group]


def _has_calls(table: pa.Table, metric: str) -> bool:
    name = "n_cost" if metric == COST else f"n_{metric}"
    return name in table.column_names and bool((_column(table, name) * _applies(table, metric)).sum() > 0)


def _column(table: pa.Table, name: str) -> Floats:
    column: Floats = table[name].fill_null(0).to_numpy().astype(np.float64)
    return column
