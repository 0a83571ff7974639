"""The rules that decide what a call costs, in columns."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from genai_prices.data import providers
from genai_prices.types import ModelPrice, Provider, Usage
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.price_book import PriceBook
from collector.price_file import PriceFile
from collector.price_list import LIST_VERSION, PriceList
from collector.pricing import PriceInput, price
from tests.collector.price_columns import Call, columns, rows

BOOK = PriceBook.load()
NANO = Decimal("1e-9")
PARTS = ("cost_input_usd", "cost_cache_read_usd", "cost_cache_write_usd", "cost_output_usd")


def priced(*calls: Call) -> list[dict[str, Any]]:
    return rows(price(columns(calls), BOOK))


def one(call: Call) -> dict[str, Any]:
    return priced(call)[0]


def test_a_call_is_priced_part_by_part() -> None:
    row = one(Call(input=1_000, read=400, output=10, reasoning=5))
    assert row["cost_input_usd"] == Decimal("0.0015")
    assert row["cost_cache_read_usd"] == Decimal("0.0005")
    assert row["cost_cache_write_usd"] == 0
    assert row["cost_output_usd"] == Decimal("0.0001")
    assert row["cost_usd"] == Decimal("0.0021")
    assert (row["cost_status"], row["price_version"]) == ("priced", LIST_VERSION)


def test_input_without_output_is_priced_with_no_output() -> None:
    row = one(Call(request_model="text-embedding-3-small", input=1_000))
    assert (row["cost_usd"], row["cost_status"]) == (Decimal("0.00002"), "priced")


def test_no_tokens_is_no_usage_and_no_cost() -> None:
    row = one(Call())
    assert (row["cost_usd"], row["cost_status"], row["price_version"]) == (None, "no_usage", "")
    assert [row[part] for part in PARTS] == [None] * 4


def test_output_alone_is_too_little_usage_to_price() -> None:
    assert one(Call(output=10))["cost_status"] == "no_usage"


def test_an_unknown_price_is_unpriced_and_never_zero() -> None:
    call = Call(provider="ollama", input=5)
    output = price(columns([call, replace(call, input=0, output=0)]), BOOK)
    assert output.cost_usd.to_pylist() == [None, None]
    assert output.cost_status.to_pylist() == ["unpriced", "unpriced"]
    assert output.unpriced == {("ollama", "gpt-4o"): 2}


def test_output_of_a_model_without_an_output_price_is_unpriced() -> None:
    embedding = Call(request_model="text-embedding-3-small", input=10)
    without, with_output = priced(replace(embedding, output=0), replace(embedding, output=1))
    assert (without["cost_status"], with_output["cost_status"]) == ("priced", "unpriced")


def test_the_reported_cost_fills_in_and_is_kept_beside_ours() -> None:
    cost = Decimal("0.123456789")
    ours, theirs, no_usage = priced(
        Call(input=10, reported=cost), Call(provider="ollama", input=10, reported=cost), Call(reported=cost)
    )
    assert (ours["cost_usd"], ours["cost_status"]) == (Decimal("0.000025"), "priced")
    for row in (theirs, no_usage):
        assert (row["cost_usd"], row["cost_status"], row["price_version"]) == (cost, "reported", "")
        assert [row[part] for part in PARTS] == [None] * 4
    assert [row["cost_reported_usd"] for row in (ours, theirs, no_usage)] == [cost] * 3


def test_a_reported_zero_is_no_price() -> None:
    row = one(Call(provider="ollama", input=10, reported=Decimal(0)))
    assert (row["cost_usd"], row["cost_status"], row["cost_reported_usd"]) == (None, "unpriced", 0)


def test_a_gateway_cache_hit_costs_nothing() -> None:
    hit = Call(cached=True)
    for row in priced(hit, replace(hit, input=10), replace(hit, provider="ollama", input=1)):
        assert (row["cost_usd"], row["cost_status"]) == (0, "priced")


def test_more_cached_than_input_tokens_leave_no_negative_part() -> None:
    row = one(Call(input=10, read=1_000, output=0))
    assert (row["cost_input_usd"], row["cost_usd"]) == (0, Decimal("0.00125"))


def test_a_fee_per_request_is_part_of_the_input() -> None:
    row = one(Call(provider="perplexity", request_model="sonar-pro", input=1_000, output=0))
    assert row["cost_input_usd"] == Decimal("0.017")


def test_size_brackets_price_all_tokens_of_the_call() -> None:
    gemini = Call(provider="gcp.gemini", request_model="gemini-2.5-pro", output=0)
    small, large = priced(replace(gemini, input=200_000), replace(gemini, input=200_001))
    assert (small["cost_usd"], large["cost_usd"]) == (Decimal("0.25"), Decimal("0.5000025"))


def test_the_hour_of_the_call_decides_where_the_list_has_hours() -> None:
    flash = Call(provider="deepseek", request_model="deepseek-flash", input=1_000_000, output=0)
    day = datetime(2026, 11, 20, tzinfo=UTC)
    costs = [one(replace(flash, at=day.replace(hour=hour)))["cost_usd"] for hour in (0, 1, 3, 4, 6, 10)]
    assert costs[1] == costs[2] == costs[4] and costs[0] == costs[3] == costs[5] != costs[1]


def test_half_nano_dollars_round_to_even() -> None:
    own = PriceFile.parse({"version": "v", "prices": [{"model": "m", "input": 0.0005}]}, Path("p.yaml"))
    book = PriceBook(PriceList(()), own)
    calls = [Call(request_model="m", input=tokens) for tokens in (1, 3, 5)]
    assert [row["cost_usd"] for row in rows(price(columns(calls), book))] == [0 * NANO, 2 * NANO, 2 * NANO]


def test_the_largest_counts_and_prices_do_not_overflow() -> None:
    dearest = {"model": "m", "input": 2000, "output": 2000, "cache_read": 2000}
    book = PriceBook(PriceList(()), PriceFile.parse({"version": "v", "prices": [dearest]}, Path("p")))
    most = 2**32 - 1
    call = Call(request_model="m", input=most, read=most, output=most)
    assert rows(price(columns([call]), book))[0]["cost_usd"] == 2 * most * Decimal("0.002")


def test_columns_may_be_plain_strings_floats_and_timestamps() -> None:
    nothing = np.full(2, np.nan)
    ts = pa.array([datetime(2026, 11, 20, tzinfo=UTC)] * 2, pa.timestamp("us", tz="UTC"))
    output = price(
        PriceInput(
            pa.array(["openai", None]),
            pa.chunked_array([pa.array(["gpt-4o"]), pa.array(["gpt-4o"])]),
            pa.array([None, None], pa.string()),
            pa.array(["", ""]).dictionary_encode(),
            ts,
            np.array([1000.0, np.nan]),
            pa.array([None, 3.0]),
            nothing,
            nothing,
            nothing,
            np.array([np.inf, 0.25]),
            pa.array([False, None]),
        ),
        BOOK,
    )
    assert output.cost_status.to_pylist() == ["priced", "reported"]
    assert output.cost_usd.to_pylist() == [Decimal("0.0025"), Decimal("0.25")]
    assert output.cost_reported_usd.to_pylist() == [None, Decimal("0.25")]


def test_an_empty_batch_is_priced_to_nothing() -> None:
    output = price(columns([]), BOOK)
    assert len(output.cost_usd) == len(output.cost_status) == 0 and not output.unpriced


def test_many_distinct_names_are_grouped_exactly() -> None:
    calls = [Call(request_model=f"unknown-{i}", model=f"m-{i % 7}", input=1) for i in range(3_000)]
    calls[1234] = Call(input=1_000)
    output = price(columns(calls), BOOK)
    assert output.cost_usd[1234].as_py() == Decimal("0.0025")
    assert sum(output.unpriced.values()) == 2_999


NAMES = [
    ("openai", "gpt-4o", ""),
    ("openai", "gpt-4.1", "batch"),
    ("openai", "gpt-4o", "scale"),
    ("anthropic", "claude-sonnet-4-5", ""),
    ("gcp.gemini", "gemini-2.5-pro", ""),
    ("perplexity", "sonar-deep-research", ""),
    ("perplexity", "sonar-pro", ""),
    ("deepseek", "deepseek-chat", ""),
    ("ollama", "llama3", ""),
]
MOMENTS = st.integers(1_704_067_200, 1_796_083_200).map(lambda second: datetime.fromtimestamp(second, UTC))
TOKENS = st.none() | st.integers(0, 400_000) | st.integers(0, 2**32 - 1)


@st.composite
def some_calls(draw: st.DrawFn) -> Call:
    provider, model, tier = draw(st.sampled_from(NAMES))
    return Call(
        provider=provider,
        request_model=model,
        tier=tier,
        at=draw(MOMENTS),
        input=draw(TOKENS),
        output=draw(TOKENS),
        read=draw(TOKENS),
        write=draw(TOKENS),
        reasoning=draw(TOKENS),
        reported=draw(st.none() | st.decimals(0, 1000, places=9)),
        cached=draw(st.booleans()),
    )


@pytest.mark.property
@settings(max_examples=150, deadline=None)
@given(st.lists(some_calls(), max_size=12))
def test_parts_add_up_nothing_is_negative_and_what_was_reported_is_kept(calls: list[Call]) -> None:
    for call, row in zip(calls, priced(*calls), strict=True):
        assert row["cost_reported_usd"] == call.reported
        parts = [row[part] for part in PARTS]
        if row["cost_status"] == "priced":
            assert sum(parts) == row["cost_usd"] and min(parts) >= 0
        else:
            assert parts == [None] * 4 and row["price_version"] == ""
            assert (row["cost_usd"] is not None) == (row["cost_status"] == "reported")


@pytest.mark.property
@settings(max_examples=150, deadline=None)
@given(some_calls(), st.sampled_from(["input", "output"]), st.integers(0, 1_000_000))
def test_more_tokens_never_cost_less(call: Call, kind: str, more: int) -> None:
    tokens = getattr(call, kind)
    if tokens is None or tokens + more >= 2**32:
        return
    less, greater = priced(call, replace(call, **{kind: tokens + more}))
    if less["cost_status"] == greater["cost_status"] == "priced":
        assert greater["cost_usd"] >= less["cost_usd"]


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(st.lists(some_calls(), min_size=1, max_size=12))
def test_a_call_costs_the_same_alone_and_in_any_batch(calls: list[Call]) -> None:
    assert priced(*calls) == [one(call) for call in calls]


def _exact(price_of: ModelPrice) -> bool:
    """Does the list state this price in whole pico-dollars a token?"""
    numbers = [n for v in price_of.__dict__.values() if v is not None for n in (v, *getattr(v, "tiers", ()))]
    plain = [getattr(n, "base", getattr(n, "price", n)) for n in numbers]
    return all(n == round(n, 6) for n in plain)


PRICED = [
    (provider, model)
    for provider in providers
    for model in provider.models
    if provider.find_model(model.id, all_providers=providers) is model
]


@pytest.mark.property
@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(PRICED),
    MOMENTS,
    st.integers(0, 600_000),
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    st.integers(0, 100_000),
)
def test_the_columns_agree_with_genai_prices_own_calculation(
    named: tuple[Provider, Any], at: datetime, total: int, shares: tuple[float, float, float], output: int
) -> None:
    provider, model = named
    read = int(total * shares[0])
    write = int((total - read) * shares[1])
    reasoning = int(output * shares[2])
    row = one(Call(provider.id, model.id, "", "", at, total, output, read, write, reasoning))
    calculated = model.calc_price(
        Usage(
            input_tokens=total,
            cache_read_tokens=read,
            cache_write_tokens=write,
            output_tokens=output,
            output_reasoning_tokens=reasoning,
        ),
        provider,
        genai_request_timestamp=at,
    )
    if row["cost_status"] == "priced" and _exact(calculated.model_price):
        assert abs(row["cost_usd"] - calculated.total_price) <= 2 * NANO
    if row["cost_status"] == "unpriced":
        stated = {key for key, value in calculated.model_price.__dict__.items() if value is not None}
        assert not {"input_mtok", "output_mtok"} <= stated
