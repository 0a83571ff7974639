"""Cost spikes and what drives them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from detectors.cost_spike import CostSpike
from detectors.metrics import Severity
from detectors.records import Regression, State
from detectors.spend import DRIVERS, Spend, drivers
from tests.detectors.made_calls import DAY, HOUR, PARENT, START, arrivals, calls, day_and_night, office, run

SPIKE = START + 16 * DAY + 10 * HOUR
END = SPIKE + 3 * HOUR


def priced(
    seed: int,
    begin: float,
    end: float,
    per_hour: float = 60.0,
    answer: float = 400.0,
    cached: float = 0.5,
    price: float = 1.0,
    **more: Any,
) -> pa.Table:
    """Calls at 50 USD a million input tokens (a tenth of it where cached) and 200 USD a million output tokens."""
    rng = np.random.default_rng(seed)
    ts = arrivals(rng, begin, end, lambda t: per_hour * day_and_night(t))
    asked, said = rng.integers(3_000, 5_000, len(ts)), rng.geometric(1 / answer, len(ts))
    read = np.where(rng.random(len(ts)) < cached, asked, 0)
    usd = {"input": (asked - read) * 50e-6, "cache_read": read * 5e-6, "output": said * 200e-6}
    parts = {f"cost_{name}_usd": part * price for name, part in usd.items()}
    total = sum(usd.values()) * price
    columns = {"input_tokens": asked, "output_tokens": said, "cache_read_tokens": read, "cost_usd": total, **parts}
    return calls(ts, **{**columns, **more})


def told(*parts: pa.Table, least_usd: float = 5.0) -> list[Regression]:
    detector = CostSpike(PARENT, least_usd=least_usd)
    return run(detector, pa.concat_tables(parts).sort_by("ts"), 600.0)


def with_spike(**spike: Any) -> list[Regression]:
    return told(priced(1, START, SPIKE), priced(2, SPIKE, END, **spike), priced(3, END, END + 6 * HOUR))


@pytest.mark.parametrize(
    ("driver", "spike"),
    [
        ("calls", {"per_hour": 240.0}),
        ("output tokens a call", {"answer": 3_000.0}),
        ("price per token", {"price": 4.0}),
        ("model mix", {"model": "gpt-x-2026-08-01", "price": 4.0}),
    ],
)
def test_a_spike_pages_within_its_first_hour_and_names_its_driver(driver: str, spike: dict[str, Any]) -> None:
    opened, closed = with_spike(**spike)
    assert opened.severity is Severity.PAGE and SPIKE < opened.at.timestamp() <= SPIKE + HOUR
    assert f"driven by {driver} (" in opened.reason
    assert opened.size is not None and opened.size.ratio >= 2
    split = [float(opened.details[f"driver {name}"].removesuffix(" USD").replace(",", "")) for name in DRIVERS]
    assert sum(split) == pytest.approx(opened.size.after - opened.size.before, abs=0.05)
    assert closed.state is State.CLOSED and "USD above expectation in all" in closed.reason


def test_a_lost_prompt_cache_is_a_driver() -> None:
    before, spike = {"cached": 1.0, "answer": 50.0}, {"cached": 0.0, "answer": 50.0}
    first = told(priced(1, START, SPIKE, **before), priced(2, SPIKE, END, **spike))[0]
    assert "driven by cache share (" in first.reason


def test_small_sums_and_the_rhythm_of_weeks_are_quiet() -> None:
    assert told(priced(4, START, START + 35 * DAY, per_hour=20)) == []
    assert told(priced(5, START, SPIKE, 2.0), priced(6, SPIKE, END, 8.0)) == []
    rng = np.random.default_rng(7)
    ts = arrivals(rng, START, START + 35 * DAY, lambda t: 100 * office(t))
    assert told(calls(ts, cost_usd=rng.lognormal(-1, 1.0, len(ts)))) == []


def test_calls_without_a_price_do_not_count_as_free() -> None:
    rng = np.random.default_rng(8)
    table = priced(9, START, START + 20 * DAY, per_hour=20)
    ts = table["ts"].cast(pa.int64()).to_numpy() / 1e6
    unknown = (rng.random(len(ts)) < 0.45) & (ts < SPIKE)
    costs = [None if gone else cost for gone, cost in zip(unknown, table["cost_usd"].to_pylist(), strict=True)]
    place = table.schema.get_field_index("cost_usd")
    assert (
        told(table.set_column(place, table.schema.field(place), pa.array(costs, table.schema.field(place).type))) == []
    )


def test_a_level_that_stays_is_accepted_after_a_week_and_not_told_again() -> None:
    story = told(priced(10, START, SPIKE), priced(11, SPIKE, SPIKE + 11 * DAY, per_hour=240.0))
    assert [record.state for record in story] == [State.OPEN, State.CLOSED]
    assert "taken as the new normal" in story[1].reason


def test_the_drivers_sum_to_the_difference_whatever_appears_or_goes() -> None:
    rng = np.random.default_rng(12)
    before, after = Spend(), Spend()
    for name in ("a", "b"):
        before.add(name, np.concatenate([[100.0], rng.random(10) * 1_000]))
    for name in ("b", "c"):
        after.add(name, np.concatenate([[300.0], rng.random(10) * 1_000]))
    split = drivers(before, 50.0, 700.0, after)
    assert sum(split.values()) == pytest.approx(after.usd - 700.0, rel=1e-6)
