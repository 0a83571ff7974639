"""An effect in units that people read: percentage points, a ratio, points of a score, dollars."""

import math
from dataclasses import dataclass
from decimal import Decimal

from api.comparing.compare import COST, RATES, SCORE
from api.comparing.models import MetricRow
from api.comparing.verdict import Judged
from watchkeeper.score_names import lower_is_better

PERCENTAGE_POINTS, RATIO, POINTS = "percentage_points", "ratio", "score"
_NANO = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class _Scale:
    """How effects of one metric are shown. Of a score whose higher values are better an effect has its sign turned."""

    unit: str
    sign: float = 1.0

    def effect(self, value: float) -> float | None:
        if not math.isfinite(value):
            return None
        if self.unit == RATIO:
            return _exp(value)
        return 100 * value if self.unit == PERCENTAGE_POINTS else self.sign * value

    def level(self, value: float) -> float | None:
        if self.unit == RATIO:
            return _exp(value)
        return min(1.0, max(0.0, value)) if self.unit == PERCENTAGE_POINTS else self.sign * value


def metric_row(metric: str, judged: Judged) -> MetricRow:
    """``judged`` as the answer shows it."""
    scale, effect = _scale(metric), judged.effect
    known = math.isfinite(effect.variance)
    low, high = scale.effect(judged.low), scale.effect(judged.high)
    usd = [_dollars(metric, effect.baseline, value) for value in (effect.estimate, judged.low, judged.high)]
    return MetricRow(
        metric=metric,
        verdict=judged.verdict,
        reason=judged.reason,
        unit=scale.unit,
        worse_when="lower" if scale.sign < 0 else "higher",
        baseline=scale.level(effect.baseline) if known else None,
        candidate=scale.level(effect.baseline + effect.estimate) if known else None,
        difference=scale.effect(effect.estimate) if known else None,
        low=low if scale.sign > 0 else high,
        high=high if scale.sign > 0 else low,
        margin=scale.effect(judged.margin) if known else None,
        difference_usd=usd[0] if known else None,
        low_usd=usd[1],
        high_usd=usd[2],
        baseline_calls=effect.calls[0],
        candidate_calls=effect.calls[1],
        calls_needed=judged.calls_needed,
        overlap=effect.overlap,
        dispersion=effect.dispersion,
    )


def _scale(metric: str) -> _Scale:
    if metric in RATES:
        return _Scale(PERCENTAGE_POINTS)
    if metric.startswith(SCORE):
        return _Scale(POINTS, 1.0 if lower_is_better(metric.removeprefix(SCORE)) else -1.0)
    return _Scale(RATIO)


def _dollars(metric: str, baseline: float, effect: float) -> Decimal | None:
    """The difference of cost per useful call, of which ``baseline`` and ``effect`` are logarithms."""
    value = _exp(baseline + effect) if metric == COST and math.isfinite(effect) else None
    return None if value is None else Decimal(value - math.exp(baseline)).quantize(_NANO)


def _exp(value: float) -> float | None:
    """None beyond what means anything."""
    return math.exp(value) if value < _MOST_LOG else None


_MOST_LOG = 40.0
