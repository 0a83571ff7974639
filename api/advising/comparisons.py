"""What was measured of a candidate against the model of now: on this route, else on like calls of other routes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from api.advising.facts import Change, Evidence, Level, Model
from api.comparing.compare import COST, RATES, Compared, Margin, compare
from api.comparing.replacing import REPLACING
from api.comparing.verdict import FEWEST_CALLS, Judged
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.comparison_cells import block_seconds, comparison_cells
from watchkeeper.storage.route_profile import RouteArm

_LIKE = ("bucket", "output_type")
_SMOOTHING = 0.5
"""Bad calls added to a rate: none seen is not none at all."""


@dataclass(frozen=True, slots=True)
class Period:
    """Which calls, of all routes and models."""

    store: Store
    span: CallFilter

    def cells(self, model: Model, routes: Sequence[str]) -> pa.Table:
        """The cells of ``model`` on ``routes``."""
        begin, end = self.span.begin, self.span.end
        chosen = CallFilter(begin, end, route=tuple(routes), provider=(model.provider,), request_model=(model.model,))
        return comparison_cells(self.store, chosen, block_seconds(begin, end))


@dataclass(frozen=True)
class Comparer:
    """Compares candidates with ``current``, the model of now on its route; ``arms`` are those of all routes."""

    period: Period
    current: RouteArm
    arms: Sequence[RouteArm] = field(repr=False)
    margins: Mapping[str, Margin]

    @cached_property
    def here(self) -> pa.Table:
        """The cells of the model of now on the route."""
        return self.period.cells(self._model, (self.current.route,))

    def evidence(self, candidate: Model) -> Evidence:
        """The strongest there is. Neither a handful of calls nor those of one of the two are evidence."""
        runs = {arm.route: arm for arm in self.arms if (arm.provider, arm.request_model) == _names(candidate)}
        here = runs.get(self.current.route)
        if here is not None and min(here.calls, self.current.calls) >= FEWEST_CALLS:
            found = self._compared(self.here, self.period.cells(candidate, (self.current.route,)))
            return _evidence(Level.PROVEN, found, (self.current.calls, here.calls), (here,))
        both = [arm for route, arm in sorted(runs.items()) if route in self._elsewhere and arm.calls >= FEWEST_CALLS]
        return self._indicated(candidate, both) if both else Evidence()

    def rates(self) -> dict[str, float]:
        """Share of bad calls of the model of now, by metric."""
        return {
            name: float((bad + _SMOOTHING) / (n + 2 * _SMOOTHING))
            for name in REPLACING
            if name in RATES and (n := _sum(self.here, f"n_{name}")) > 0
            for bad in (_sum(self.here, f"bad_{name}"),)
        }

    def latency_spread(self) -> float | None:
        """Standard deviation of the logarithm of its total times."""
        n, y, yy = (_sum(self.here, f"{short}_latency") for short in ("n", "y", "yy"))
        return float(np.sqrt(max(0.0, yy / n - (y / n) ** 2))) if n >= FEWEST_CALLS else None

    def _indicated(self, candidate: Model, both: Sequence[RouteArm]) -> Evidence:
        routes = [arm.route for arm in both]
        theirs = _like(self.period.cells(candidate, routes), self.here)
        ours = _like(self.period.cells(self._model, routes), self.here)
        alike = set(ours["route"].to_pylist()) & set(theirs["route"].to_pylist())
        calls = (int(_sum(ours, "calls")), int(_sum(theirs, "calls")))
        arms = [arm for arm in both if arm.route in alike]
        return _evidence(Level.INDICATED, self._compared(ours, theirs), calls, arms) if arms else Evidence()

    def _compared(self, ours: pa.Table, theirs: pa.Table) -> Compared:
        return compare(ours, theirs, REPLACING, self.margins)

    @cached_property
    def _elsewhere(self) -> frozenset[str]:
        """Other routes on which the model of now runs too."""
        return frozenset(
            arm.route
            for arm in self.arms
            if (arm.provider, arm.request_model) == _names(self._model)
            and arm.route != self.current.route
            and arm.calls >= FEWEST_CALLS
        )

    @property
    def _model(self) -> Model:
        return Model(self.current.provider, self.current.request_model)


def _names(model: Model) -> tuple[str, str]:
    return model.provider, model.model


def _like(cells: pa.Table, here: pa.Table) -> pa.Table:
    """The calls that are as long and of the same kind as some of this route's."""
    wanted = set(zip(*(here[name].to_pylist() for name in _LIKE), strict=True))
    found = zip(*(cells[name].to_pylist() for name in _LIKE), strict=True)
    return cells.filter(pa.array([word in wanted for word in found], pa.bool_()))


def _sum(cells: pa.Table, name: str) -> float:
    return float(cells[name].to_numpy().astype(np.float64).sum())


def _evidence(level: Level, found: Compared, calls: tuple[int, int], arms: Iterable[RouteArm]) -> Evidence:
    seen = list(arms)
    return Evidence(
        level,
        {name: _change(name, judged) for name, judged in found.metrics.items()},
        calls,
        tuple(arm.route for arm in seen) if level is Level.INDICATED else (),
        max(arm.last_at for arm in seen),
    )


def _change(name: str, judged: Judged) -> Change:
    is_rate = name in RATES
    figures = (judged.effect.estimate, judged.low, judged.high)
    estimate, low, high = figures if is_rate else (_share(one) for one in figures)
    return Change(judged.verdict, estimate, low, high, is_rate, judged.reason, judged.calls_needed)


def _share(log_ratio: float) -> float:
    """A difference of logarithms as a share; beyond any number it stays a number."""
    return float(np.expm1(np.clip(log_ratio, -50, 50)))


def cost_change(evidence: Evidence) -> Change | None:
    """Of the cost of a useful call."""
    return evidence.changes.get(COST)
