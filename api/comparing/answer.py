"""From a request to compare to its answer: read, judge, and say what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from api.comparing.cohorts import Asking, cohort, in_both
from api.comparing.compare import MARGINS, METRICS, RATES, SCORE, Margin, compare
from api.comparing.models import CohortItem, CompareAnswer, CompareRequest
from api.comparing.sentences import sentence
from api.comparing.units import metric_row
from api.problems import Problem
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.comparison_cells import (
    BLOCK_S,
    STEADY_BLOCK_S,
    block_seconds,
    calls_of,
    comparison_cells,
)
from watchkeeper.storage.comparison_scores import MOST_SCORES, comparison_scores
from watchkeeper.storage.cost_source import kept_since

ANY_SCORE = f"{SCORE}*"
_FAR_APART = 0.5
"""How much more of one cohort's answers than of the other's have a checked format, as a share of all."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """One side, read."""

    chosen: CallFilter
    cells: pa.Table
    scores: Sequence[str]
    """Names of scores in ``cells``."""

    @property
    def calls(self) -> int:
        return _sum(self.cells, "calls")

    def item(self) -> CohortItem:
        """As the answer shows it."""
        where = {column: list(values) for column, values in self.chosen.chosen.items()}
        tags = [f"{name}={value}" for name, value in self.chosen.tags]
        return CohortItem(
            start=self.chosen.begin,
            end=self.chosen.end,
            where={**where, "tag": tags} if tags else where,
            calls=self.calls,
        )


def check(asked: CompareRequest, asking: Asking) -> tuple[CallFilter, CallFilter]:
    """Both cohorts of what was asked. Raises :class:`Problem` 403 and 422 for what can be no comparison."""
    for metric in asked.metrics:
        _check_metric(metric)
    _check_margins(asked)
    sides = (cohort(asked.baseline, asking, "baseline"), cohort(asked.candidate, asking, "candidate"))
    if sides[0] == sides[1]:
        raise _unfit("baseline and candidate are the same calls: let them differ, such as in where.model or the period")
    return sides


def answered(store: Store, asked: CompareRequest, asking: Asking) -> CompareAnswer:
    """What the stored calls say. Raises as :func:`check` does, and 422 for calls that are in both cohorts."""
    chosen = check(asked, asking)
    both = in_both(*chosen)
    if both is not None and (twice := calls_of(store, both)):
        raise _unfit(
            f"{twice:,} calls are in both cohorts: let them differ in a column of where, such as model, or in their "
            "periods"
        )
    baseline, candidate = (_read(store, side, asked, _block_s(chosen, asked.steady)) for side in chosen)
    metrics = _metrics(asked.metrics, {*baseline.scores, *candidate.scores})
    margins = {**MARGINS, **{name: Margin(body.relative, body.absolute) for name, body in asked.margins.items()}}
    found = compare(baseline.cells, candidate.cells, metrics, margins, asked.level)
    rows = [metric_row(name, judged) for name, judged in found.metrics.items()]
    return CompareAnswer(
        verdict=found.verdict,
        sentence=sentence(found.verdict, rows),
        level=asked.level,
        level_per_metric=found.level,
        baseline=baseline.item(),
        candidate=candidate.item(),
        caveats=_caveats(baseline, candidate, kept_since(store, asking.now).get("calls"), asked),
        rows=rows,
    )


def _check_metric(metric: str) -> None:
    if metric not in METRICS and (not metric.startswith(SCORE) or metric == SCORE):
        raise _unfit(f"metrics: {metric[:40]!r} is none: use {', '.join(METRICS)}, score:NAME or {ANY_SCORE}")


def _check_margins(asked: CompareRequest) -> None:
    for metric, margin in asked.margins.items():
        if metric not in asked.metrics and not (metric.startswith(SCORE) and ANY_SCORE in asked.metrics):
            raise _unfit(f"margins: {metric[:40]!r} is not among the metrics: add it there or leave its margin out")
        if not margin.relative and not margin.absolute:
            raise _unfit(f"margins: that of {metric} is 0, and nothing is ever proven equal: choose a larger one")
        if margin.absolute and metric not in RATES and not metric.startswith(SCORE):
            raise _unfit(f"margins: {metric} is compared as a ratio: give relative alone, such as 0.1")


def _block_s(chosen: tuple[CallFilter, CallFilter], steady: bool) -> int:
    """One length for both, so that a load that both share is seen as one."""
    longest = max(chosen, key=lambda side: side.end - side.begin)
    return STEADY_BLOCK_S if steady else block_seconds(longest.begin, longest.end, BLOCK_S)


def _read(store: Store, chosen: CallFilter, asked: CompareRequest, block_s: int) -> Cohort:
    cells, scores = comparison_cells(store, chosen, block_s), [one for one in asked.metrics if one.startswith(SCORE)]
    if not scores:
        return Cohort(chosen, cells, ())
    names = () if ANY_SCORE in scores else [one.removeprefix(SCORE) for one in scores]
    found, known = comparison_scores(store, chosen, names, block_s)
    return Cohort(chosen, pa.concat_tables([cells, found], promote_options="permissive"), known)


def _metrics(asked: Sequence[str], scores: set[str]) -> list[str]:
    """What was asked for, each once, with the names of scores in the place of ``score:*``."""
    frequent = [f"{SCORE}{name}" for name in sorted(scores)][:MOST_SCORES]
    return list(dict.fromkeys(name for one in asked for name in (frequent if one == ANY_SCORE else [one])))


def _caveats(baseline: Cohort, candidate: Cohort, kept: datetime | None, asked: CompareRequest) -> list[str]:
    sides = {"baseline": baseline, "candidate": candidate}
    found = [f"No calls fit the {name}: check its where and period." for name, side in sides.items() if not side.calls]
    found += [
        f"Calls before {kept:%Y-%m-%d} may be gone, and the {name} begins earlier."
        for name, side in sides.items()
        if kept is not None and side.chosen.begin < kept
    ]
    if baseline.chosen.end <= candidate.chosen.begin or candidate.chosen.end <= baseline.chosen.begin:
        found.append(
            "The cohorts are of different times: a load, a season or users that changed in between look like the model."
        )
    if any(side.chosen.model and not side.chosen.request_model for side in sides.values()):
        found.append(
            "model is what answered: calls that failed before anything did bear the name they asked for, and may be "
            "left out. Choose by request_model where failures count."
        )
    if asked.steady:
        found.append("Taken as steady: if load wandered while the calls were made, the verdicts are too sure.")
    checked = {name: _checked(side.cells) for name, side in sides.items()}
    if "format_failure" in asked.metrics and max(checked.values()) - min(checked.values()) > _FAR_APART:
        told = " and ".join(f"{share:.0%} of the {name}'s" for name, share in checked.items())
        found.append(f"The format of {told} answers was checked: format_failure does not compare like with like.")
    return found


def _checked(cells: pa.Table) -> float:
    return _sum(cells, "known_format_failure") / max(1, _sum(cells, "n_format_failure"))


def _sum(cells: pa.Table, column: str) -> int:
    return round(float(cells[column].fill_null(0).to_numpy().sum()))


def _unfit(detail: str) -> Problem:
    return Problem(422, "A parameter does not fit", f"{detail}.")
