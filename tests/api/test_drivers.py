"""The decomposition of a difference in cost, on cells."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cost_drivers.decomposition import Driver, driver_shares, explain
from api.cost_drivers.factors import cell_key, factors_of
from api.cost_drivers.sentences import Told, sentences
from api.cost_drivers.totals import period_totals
from benchmarks.cost_fleets import CAUSES, attributed, cells_of, random_fleet
from watchkeeper.storage.cost_cells import CostCell

DAYS = (7.0, 7.0)
NANO = Decimal("1e-9")


def cell(model: str = "m", *, useful: bool = True, calls: int = 100, **changed: Any) -> CostCell:
    """Calls of 1,000 tokens in, half of them cached, and 100 out, at 0.3 cents each."""
    usual = CostCell(
        *("shop", "production", "chat", "chat", "openai", model),
        useful=useful,
        calls=calls,
        gateway_hits=0,
        known_calls=calls,
        unpriced_calls=0,
        input_tokens=calls * 1_000.0,
        output_tokens=calls * 100.0,
        cache_read_tokens=calls * 500.0,
        cache_write_tokens=0.0,
        cost_usd=Decimal(calls) * Decimal("0.003"),
        cost_input_usd=Decimal(calls) * Decimal("0.00125"),
        cost_cache_read_usd=Decimal(calls) * Decimal("0.00075"),
        cost_cache_write_usd=Decimal(0),
        cost_output_usd=Decimal(calls) * Decimal("0.001"),
    )
    return replace(usual, **changed)


def parts(before: list[CostCell], after: list[CostCell], days: tuple[float, float] = DAYS) -> dict[Driver, Decimal]:
    """Drivers that moved something, after everything was seen to add up."""
    found = explain(before, after, days)
    for one in found.slices:
        assert sum(one.parts.values(), Decimal(0)) == one.difference
    whole = sum((one.cost_usd for one in after), Decimal(0)) - sum((one.cost_usd for one in before), Decimal(0))
    assert sum(found.parts.values(), Decimal(0)) == whole
    return {driver: amount for driver, amount in found.parts.items() if abs(amount) > NANO}


@pytest.mark.parametrize("strength", [0.6, 1.5])
@pytest.mark.parametrize("cause", CAUSES)
def test_a_planted_cause_is_found(cause: str, strength: float) -> None:
    rng = np.random.default_rng(5)
    for slices in (3, 25):
        fleet = random_fleet(rng, slices)
        found = explain(cells_of(fleet), cells_of(CAUSES[cause].plant(fleet, strength, rng)), DAYS)
        assert attributed(found, CAUSES[cause].drivers) >= 0.95


COUNTS = st.integers(0, 2_000)
TOKENS = st.just(0.0) | st.integers(1_000, 10**6).map(float)
MONEY = st.integers(0, 10**10).map(lambda nano: Decimal(nano).scaleb(-9))
CELLS = st.builds(
    CostCell,
    service=st.just("shop"),
    environment=st.just(""),
    route=st.sampled_from(["a", "b"]),
    operation=st.just("chat"),
    provider=st.just("openai"),
    model=st.sampled_from(["x", "y"]),
    useful=st.booleans(),
    calls=COUNTS,
    gateway_hits=COUNTS,
    known_calls=st.integers(1, 2_000),
    unpriced_calls=COUNTS,
    input_tokens=TOKENS,
    output_tokens=TOKENS,
    cache_read_tokens=TOKENS,
    cache_write_tokens=TOKENS,
    cost_usd=MONEY,
    cost_input_usd=MONEY,
    cost_cache_read_usd=MONEY,
    cost_cache_write_usd=MONEY,
    cost_output_usd=MONEY,
)
PERIOD = st.lists(CELLS, max_size=5, unique_by=lambda one: (cell_key(one), one.useful))


@pytest.mark.property
@settings(max_examples=40, deadline=None)
@given(before=PERIOD, after=PERIOD)
def test_the_factors_give_back_what_was_spent_and_the_drivers_the_difference(
    before: list[CostCell], after: list[CostCell]
) -> None:
    parts(before, after)
    keys = sorted({cell_key(one) for one in (*before, *after)})
    factors = factors_of(keys, (before, after), (3.0, 5.0))
    spent = [sum(float(one.cost_usd) for one in cells) for cells in (before, after)]
    # Not the parts alone, which are rounded to add up: the formula itself must hold.
    for period, total in zip(factors, spent, strict=True):
        assert float(period.spend(period.cost_per_call()).sum()) == pytest.approx(total, abs=1e-9)
    shares = driver_shares(*factors)
    assert float(shares.sum()) == pytest.approx(spent[1] - spent[0], abs=1e-12 * float(abs(shares).sum()) + 1e-9)


def test_nothing_changed_nothing_moved() -> None:
    assert parts([cell()], [cell()]) == {}
    assert parts([], []) == {}


def test_a_new_model_on_a_route_is_model_mix_and_a_new_route_route_mix() -> None:
    before = [cell("old", calls=100)]
    dear = cell("new", calls=50, cost_usd=Decimal("0.3"), cost_output_usd=Decimal("0.2"))
    assert set(parts(before, [cell("old", calls=50), dear])) == {Driver.MODEL_MIX}
    assert set(parts(before, [cell("old", calls=50), replace(dear, route="search")])) == {Driver.ROUTE_MIX}


def test_the_first_use_of_a_cache_is_caching_though_its_price_was_never_seen_before() -> None:
    before = cell(cache_read_tokens=0.0, cost_cache_read_usd=Decimal(0), cost_input_usd=Decimal("0.25"))
    before = replace(before, cost_usd=Decimal("0.35"))
    assert set(parts([before], [cell()])) == {Driver.CACHE}


def test_answers_of_a_gateways_cache_are_caching() -> None:
    hits = cell(gateway_hits=50, known_calls=50, calls=100)
    hits = replace(hits, **{name: getattr(cell(calls=50), name) for name in list(CostCell.__slots__)[11:]})
    assert parts([cell()], [hits]) == {Driver.CACHE: Decimal("-0.15")}


def test_a_cost_that_the_emitter_reports_follows_length_and_price() -> None:
    names = [name for name in CostCell.__slots__ if name.startswith("cost_")]
    costs: dict[str, Any] = {**dict.fromkeys(names, Decimal(0)), "cost_usd": Decimal(1)}
    before = cell(**costs)
    assert parts([before], [replace(before, cost_usd=Decimal(2))]) == {Driver.UNIT_PRICE: Decimal(1)}
    longer = replace(before, output_tokens=before.output_tokens + 110_000, cost_usd=Decimal(2))
    assert parts([before], [longer]) == {Driver.OUTPUT_LENGTH: Decimal(1)}


def test_a_fee_without_tokens_is_a_price() -> None:
    fee = cell(
        input_tokens=0.0,
        output_tokens=0.0,
        cache_read_tokens=0.0,
        cost_usd=Decimal("0.1"),
        cost_input_usd=Decimal("0.1"),
        cost_cache_read_usd=Decimal(0),
        cost_output_usd=Decimal(0),
    )
    dearer = replace(fee, cost_usd=Decimal("0.3"), cost_input_usd=Decimal("0.3"))
    assert parts([fee], [dearer]) == {Driver.UNIT_PRICE: Decimal("0.2")}


def test_more_wasted_calls_are_waste_whether_the_answers_stay_or_not() -> None:
    wasted = cell(useful=False, calls=10)
    assert parts([cell(), wasted], [cell(), cell(useful=False, calls=30)]) == {Driver.WASTE: Decimal("0.06")}
    turned = parts([cell()], [cell(calls=80), cell(useful=False, calls=20)])
    assert turned[Driver.WASTE] == -turned[Driver.VOLUME] > Decimal("0.05")


def test_a_route_that_only_fails_in_one_of_the_periods_is_waste() -> None:
    failing = [cell("other"), cell(useful=False, calls=100)]
    found = parts([cell("other"), cell(calls=100)], failing)
    assert found[Driver.WASTE] > 0 > found[Driver.VOLUME]


def test_without_useful_answers_in_a_period_volume_counts_all_calls() -> None:
    before, after = [cell(useful=False, calls=50)], [cell(useful=False, calls=100)]
    assert parts(before, after) == {Driver.VOLUME: Decimal("0.15")}
    assert parts([], [cell()]) == {Driver.VOLUME: Decimal("0.3")}
    assert parts([cell()], []) == {Driver.VOLUME: Decimal("-0.3")}


def test_costs_that_become_known_are_coverage_and_no_volume() -> None:
    half = {name: getattr(cell(calls=50), name) for name in list(CostCell.__slots__)[11:]}
    before = replace(cell(), known_calls=50, unpriced_calls=50, **half)
    assert parts([before], [cell()]) == {Driver.COVERAGE: Decimal("0.15")}


def test_a_longer_period_is_no_volume() -> None:
    assert parts([cell()], [cell(calls=200)], (7.0, 14.0)) == {Driver.PERIOD_LENGTH: Decimal("0.3")}


def test_cached_tokens_beyond_the_input_still_add_up() -> None:
    odd = cell(cache_read_tokens=300_000.0)
    assert Driver.CACHE in parts([cell()], [odd])


def said(before: list[CostCell], after: list[CostCell], driver: Driver) -> str:
    told = Told(explain(before, after, DAYS), period_totals(before, 7.0), period_totals(after, 7.0))
    return sentences(told)[driver]


def test_a_model_mix_names_route_model_and_shares() -> None:
    dear = cell("new", calls=50, cost_usd=Decimal("0.3"), cost_output_usd=Decimal("0.2"))
    sentence = said([cell("old")], [cell("old", calls=50), dear], Driver.MODEL_MIX)
    assert sentence == (
        "Routes changed models, most shop/chat: openai/new went from 0.0% to 50.0% of its answers, at $0.006 each: "
        "added $0.15."
    )


def test_every_driver_has_a_sentence_even_where_nothing_is_there() -> None:
    told = Told(explain([], [], DAYS), period_totals([], 7.0), period_totals([], 7.0))
    assert set(sentences(told)) == set(Driver)
    assert all(sentence.endswith("had no part in it.") for sentence in sentences(told).values())


def test_coverage_says_that_it_is_no_spending() -> None:
    half = {name: getattr(cell(calls=50), name) for name in list(CostCell.__slots__)[11:]}
    before = replace(cell(), known_calls=50, unpriced_calls=50, **half)
    assert "100.0% of the useful calls is known, of 50.0% before" in said([before], [cell()], Driver.COVERAGE)
