"""Break-even of self-hosting against counting through every number of calls."""

from dataclasses import replace
from decimal import Decimal
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.what_if.self_hosting import DAYS_A_MONTH, BreakEven, SelfHosting, Traffic, break_even, tco_formula

HOSTING = SelfHosting(
    gpu_usd_per_hour=Decimal("2.5"),
    gpus_per_replica=2,
    tokens_per_second=Decimal(1_000),
    utilisation=Decimal("0.5"),
    engineer_hours_per_month=Decimal(20),
    engineer_usd_per_hour=Decimal(100),
    fixed_usd_per_month=Decimal(300),
    one_off_usd=Decimal(7_200),
)
TRAFFIC = Traffic(Decimal(50_000), Decimal(1_000), Decimal("0.01"))


def compared(hosting: SelfHosting = HOSTING, traffic: Traffic = TRAFFIC) -> BreakEven:
    result = break_even(hosting, traffic)
    assert result is not None
    return result


def test_the_whole_cost_is_added_up() -> None:
    found = compared()
    assert found.capacity_calls_per_replica == 43_200
    assert found.replicas == 2
    assert found.gpu_usd == 2 * 2 * Decimal("2.5") * 24
    assert found.people_usd == 2_000 / DAYS_A_MONTH
    assert found.fixed_usd == (300 + Decimal(200)) / DAYS_A_MONTH
    assert found.self_hosting_usd == found.gpu_usd + found.people_usd + found.fixed_usd
    assert found.api_usd == 500
    assert len(list(tco_formula())) == 5


def test_a_full_replica_that_is_dearer_than_the_api_never_pays() -> None:
    found = compared(traffic=replace(TRAFFIC, api_usd_per_call=Decimal("0.001")))
    assert (found.break_even_calls_per_day, found.always_cheaper_from_calls_per_day) == (None, None)
    assert found.reason.startswith("a replica that is full costs 120.00 $ a day, and the API charges 43.20 $")


def test_a_free_api_is_never_beaten() -> None:
    assert (
        compared(traffic=replace(TRAFFIC, api_usd_per_call=Decimal(0))).reason
        == "the API costs nothing for these calls"
    )


@pytest.mark.parametrize("name", list(SelfHosting.NEEDED))
def test_what_is_not_stated_is_asked_for_and_makes_the_result_unknown(name: str) -> None:
    nothing: dict[str, Any] = {name: None}
    hosting = replace(HOSTING, **nothing)
    assert list(hosting.missing) == [name]
    assert break_even(hosting, TRAFFIC) is None


@pytest.mark.parametrize("name", ["calls_per_day", "tokens_per_call", "api_usd_per_call"])
def test_what_was_not_observed_makes_the_result_unknown(name: str) -> None:
    traffic = replace(TRAFFIC, **{name: None})
    assert list(traffic.missing) == [name]
    assert break_even(HOSTING, traffic) is None


@pytest.mark.property
@given(
    gpu=st.integers(1, 40),
    people=st.integers(0, 60),
    capacity=st.integers(3, 90),
    cents=st.integers(1, 150),
    least=st.integers(1, 3),
)
def test_both_break_even_points_are_what_counting_finds(
    gpu: int, people: int, capacity: int, cents: int, least: int
) -> None:
    hosting = SelfHosting(
        gpu_usd_per_hour=Decimal(gpu) / 24,
        gpus_per_replica=1,
        tokens_per_second=Decimal(capacity),
        utilisation=Decimal(1),
        engineer_hours_per_month=Decimal(people) * DAYS_A_MONTH,
        engineer_usd_per_hour=Decimal(1),
        min_replicas=least,
    )
    found = compared(hosting, Traffic(Decimal(10), Decimal(86_400), Decimal(cents) / 100))

    # In cents and to a billionth, as the given prices are quotients.
    def dearer(calls: int) -> bool:
        return cents * calls + 1e-9 < 100 * (people + gpu * max(least, ceil(calls / capacity)))

    cheaper = next((calls for calls in range(1, 9_000) if not dearer(calls)), None)
    if cheaper is not None or (found.break_even_calls_per_day or 0) < 9_000:
        assert found.break_even_calls_per_day == cheaper
    always = found.always_cheaper_from_calls_per_day
    if cents * capacity <= 100 * gpu or cheaper is None:
        assert always is None or always >= 9_000
        return
    assert always is not None
    assert not any(dearer(calls) for calls in range(always, always + 20 * capacity))
    # The calls before it, with fractions: right after a step the API is cheaper, or that call itself is dearer.
    steps = range(least, max(least, ceil(always / capacity)) + 3)
    crossings = [ceil(round(100 * (people + gpu * step) / cents, 9)) for step in steps]
    unsafe = [c for step, c in zip(steps, crossings, strict=True) if step == least or c > (step - 1) * capacity]
    assert always == max(unsafe)
