"""Addresses of pages: what they ask, and links that ask something else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.filters import Chosen
from api.problems import Problem
from api.routes.calls import Sought
from api.web.address import Address
from api.web.filters_shown import chips, periods
from watchkeeper.choices import CallOrder


def at(*pairs: tuple[str, str]) -> Address:
    return Address.of("/costs", pairs)


def refusal(asked: Any) -> str:
    with pytest.raises(Problem) as raised:
        asked()
    assert raised.value.status == 422
    return raised.value.detail


def test_what_a_form_left_empty_is_not_asked() -> None:
    address = at(("service", ""), ("route", " "), ("model", " gpt-4o "))
    assert address.pairs == (("model", "gpt-4o"),)
    assert address.read(Sought) == Sought()


def test_a_link_changes_what_it_names_and_keeps_the_rest() -> None:
    address = at(("service", "a&b"), ("period", "7d"), ("by", "route"))
    assert address.link(by=None, route="x/y") == "/costs?service=a%26b&period=7d&route=x%2Fy"
    assert address.link("/calls", period=None, by=("a", "b")) == "/calls?service=a%26b&by=a&by=b"
    assert at().link() == "/costs"


def test_filters_and_searches_are_read_within_the_bounds_of_the_api() -> None:
    address = at(("service", "a"), ("service", "b"), ("order", "cost"), ("min_duration_ms", "1.5"))
    assert address.read(Chosen).service == ["a", "b"]
    sought = address.read(Sought)
    assert (sought.order, sought.min_duration_ms, sought.max_duration_ms) == (CallOrder.COST, 1.5, None)


@pytest.mark.parametrize(
    ("pair", "place"),
    [
        (("min_duration_ms", "abc"), "min_duration_ms: "),
        (("min_duration_ms", "nan"), "min_duration_ms: "),
        (("min_cost_usd", "-1"), "min_cost_usd: "),
        (("order", "size"), "order: "),
        (("format_valid", "perhaps"), "format_valid: "),
        (("response_id", "x" * 301), "response_id: "),
    ],
)
def test_what_does_not_fit_is_named(pair: tuple[str, str], place: str) -> None:
    assert place in refusal(lambda: at(pair).read(Sought))


def test_too_many_filters_are_refused() -> None:
    assert "service: " in refusal(lambda: at(*(("service", f"s{number}") for number in range(51))).read(Chosen))


def test_unknown_parameters_are_refused_with_what_there_is() -> None:
    said = refusal(lambda: at(("sevrice", "a")).check_known(("service", "route")))
    assert said == "there is no parameter 'sevrice'; there are route, service."


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "501", "9" * 5_000, "٣", "ten"])
def test_whole_numbers_have_bounds(text: str) -> None:
    assert "limit is" in refusal(lambda: at(("limit", text)).whole("limit", 25, 500))


def test_times_without_a_zone_are_in_utc_as_the_form_says() -> None:
    assert at(("start", "2026-01-31T12:00")).moment("start") == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert at(("start", "2026-01-31T12:00:00+02:00")).moment("start") == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert at().moment("start") is None
    assert "start is 'soon'" in refusal(lambda: at(("start", "soon")).moment("start"))


def test_a_chip_takes_its_own_value_away_and_goes_back_to_the_first_page() -> None:
    address = at(("service", "a"), ("service", "b"), ("cursor", "x"), ("period", "7d"))
    first, second = chips(address)
    assert (first.value, first.without) == ("a", "/costs?period=7d&service=b")
    assert second.without == "/costs?period=7d&service=a"


def test_the_period_is_marked_unless_it_is_one_of_the_readers_own() -> None:
    assert [one.value for one in periods(at(), "7d") if one.current] == ["7d"]
    assert [one.value for one in periods(at(("period", "today")), "7d") if one.current] == ["today"]
    own = periods(at(("start", "2026-01-31T12:00"), ("service", "a")), "7d")
    assert not [one for one in own if one.current]
    assert own[0].href == "/costs?service=a&period=24h"
