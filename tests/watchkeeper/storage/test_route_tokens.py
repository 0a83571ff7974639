"""Token sums that calls can be priced from anywhere."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.errors import ConfigError
from watchkeeper.storage import route_tokens
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_tokens import TokenSums, calls_above, token_sums

pytestmark = pytest.mark.clickhouse

BEGIN = datetime.fromtimestamp(FIRST_TS_US // 1_000_000, UTC)
CHOSEN = CallFilter(BEGIN, BEGIN + timedelta(days=1))
NAMES = ("gpt-4o", "gpt-4o-2024-08-06", "")


def test_tokens_are_summed_by_size_of_the_prompt(shared_store: Store) -> None:
    rows = call_rows(
        5,
        input_tokens=[100, 200, 201, 1_000, None],
        output_tokens=[10, 20, 30, 40, None],
        cache_read_tokens=[50, None, None, 400, None],
        cache_write_tokens=[5, None, None, None, None],
        reasoning_tokens=[4, None, None, 40, None],
        gateway_cache_hit=False,
    )
    shared_store.insert_arrow("calls", rows, "a")
    shared_store.insert_arrow("calls", call_rows(1, seed=1, gateway_cache_hit=True), "b")
    assert token_sums(shared_store, CHOSEN, [200]) == [
        TokenSums(*NAMES, size=0, calls=2, uncached=245, cache_read=50, cache_write=5, plain_output=26, reasoning=4),
        TokenSums(*NAMES, size=1, calls=2, uncached=801, cache_read=400, cache_write=0, plain_output=30, reasoning=40),
    ]
    assert len(token_sums(shared_store, CHOSEN, [])) == 1


def test_calls_that_do_not_fit_are_counted(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(3, input_tokens=[100, 200, 300], output_tokens=10), "a")
    assert calls_above(shared_store, CHOSEN, [110, 209, 5_000]) == {110: 2, 209: 2, 5_000: 0}
    assert calls_above(shared_store, CHOSEN, []) == {}
    nothing = CallFilter(BEGIN - timedelta(days=2), BEGIN - timedelta(days=1))
    assert calls_above(shared_store, nothing, [1]) == {1: 0}


def test_too_many_cells_are_refused(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route_tokens, "MOST_CELLS", 1)
    shared_store.insert_arrow("calls", call_rows(2, service_tier=["batch", "flex"]), "a")
    with pytest.raises(ConfigError, match="shorter period"):
        token_sums(shared_store, CHOSEN, [])
