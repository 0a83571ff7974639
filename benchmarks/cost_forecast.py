"""Do forecasts hold? Simulated spending, forecast some weeks: ``python -m benchmarks.cost_forecast [--series 600]``.

Every series has a weekly rhythm, growth, a wandering level, noise and office hours, each of random strength; some have
a day now and then that costs three times as much. The forecast sees 4 to 56 whole days and a part of today, and is
asked what the next 1 to 30 days will cost. Measured is how often the truth lies within the intervals, and the error of
the expected sum beside that of the plain rule: the mean of the last seven days for each day to come.
"""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from benchmarks.verdict import Verdict, conclude
from watchkeeper.forecasting.forecast import Ahead, Forecast, forecast
from watchkeeper.forecasting.history import Steps, spend_history
from watchkeeper.storage.spend import HOUR_S, Spend

_LEAST, _MOST = 0.70, 0.92
_BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_ZONE = ZoneInfo("UTC")
_HISTORIES = (4, 7, 10, 14, 21, 28, 42, 56)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One forecast against what came."""

    whole_days: int
    in_80: bool
    in_95: bool
    width: float
    """Of the 80 % interval, as a share of the truth; as are both errors."""
    error: float
    plain_error: float


def hourly_spend(rng: np.random.Generator, days: int) -> Floats:
    """Dollars by hour."""
    number = np.arange(days)
    level = rng.normal(3, 2) + rng.choice([0, 0, 0.005, -0.005, 0.01, 0.02]) * number
    level += np.cumsum(rng.normal(0, rng.choice([0, 0, 0.01, 0.04]), days))
    week = rng.normal(0, 0.1, 7)
    week[5:] += np.log(rng.uniform(0.2, 1))
    noise = rng.normal(0, rng.choice([0.05, 0.1, 0.2, 0.35]), days)
    spikes = np.where(rng.random(days) < rng.choice([0, 0, 0.02]), np.log(3), 0)
    daily = np.exp(level + week[number % 7] + noise + spikes)
    course = 0.2 + np.exp(-(((np.arange(24) - rng.uniform(9, 16)) / 4) ** 2))
    hourly = course * rng.gamma(20, 1 / 20, (days, 24))
    spent: Floats = daily[:, np.newaxis] * hourly / hourly.sum(axis=1, keepdims=True)
    return spent.ravel()


def one(rng: np.random.Generator) -> Outcome:
    """A forecast of one random series, asked for at a random hour."""
    whole, ahead = int(rng.choice(_HISTORIES)), int(rng.integers(1, 31))
    offset = int(rng.integers(7))
    hourly = hourly_spend(rng, offset + whole + ahead)[offset * 24 :]
    seen = whole * 24 + int(rng.integers(0, 24))
    begin = _BEGIN + timedelta(days=offset)
    steps = [Spend(begin + place * _HOUR, 1, _usd(amount), 0, 1) for place, amount in enumerate(hourly[:seen])]
    now = begin + seen * _HOUR
    asked = Ahead(now, begin + timedelta(days=whole + ahead), Decimal(0), _ZONE)
    found = forecast(spend_history(Steps(steps, HOUR_S, begin, _ZONE), now), asked, np.random.default_rng(0))
    days_left = ahead - (seen / 24 - whole)
    week = hourly[: whole * 24][-7 * 24 :]
    plain = days_left * float(week.sum()) / (len(week) / 24)
    return _outcome(found, float(hourly[seen:].sum()), plain, whole)


def _outcome(found: Forecast, truth: float, plain: float, whole: int) -> Outcome:
    total = found.total
    return Outcome(
        whole,
        float(total.low_80) <= truth <= float(total.high_80),
        float(total.low_95) <= truth <= float(total.high_95),
        float(total.high_80 - total.low_80) / truth,
        abs(float(total.expected) / truth - 1),
        abs(plain / truth - 1),
    )


def _usd(amount: float) -> Decimal:
    return Decimal(f"{amount:.9f}")


def _line(name: str, found: list[Outcome]) -> str:
    in_80, in_95 = (np.mean([getattr(one, field) for one in found]) for field in ("in_80", "in_95"))
    width, error, plain = (
        np.median([getattr(one, field) for one in found]) for field in ("width", "error", "plain_error")
    )
    return (
        f"{name:<14} {len(found):>5} series  80 %: {in_80:.1%}  95 %: {in_95:.1%}  width {width:.1%}  "
        f"error {error:.1%}  plain rule {plain:.1%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=600)
    options = parser.parse_args()
    rng = np.random.default_rng(7)
    found = [one(rng) for _ in range(options.series)]
    for whole in _HISTORIES:
        print(_line(f"{whole} whole days", [outcome for outcome in found if outcome.whole_days == whole]))
    print(_line("all", found))
    covered = float(np.mean([outcome.in_80 for outcome in found]))
    error, plain = (np.median([getattr(outcome, name) for outcome in found]) for name in ("error", "plain_error"))
    conclude(
        Verdict(
            "cost forecast",
            f"the 80 % interval holds the truth in {_LEAST:.0%} to {_MOST:.0%} of the cases",
            f"{covered:.1%} of {len(found)} series; median error {error:.1%}, plain rule {plain:.1%}",
            holds=_LEAST <= covered <= _MOST,
        )
    )


if __name__ == "__main__":
    main()
