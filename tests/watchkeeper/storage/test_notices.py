"""Notices: told once, read in order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchkeeper.storage.client import Store
from watchkeeper.storage.notices import Notice, read, write

AT = datetime(2026, 5, 1, 12, 30, 0, 123_456, tzinfo=UTC)
NOTICE = Notice(
    "comparison:weekly:1",
    "comparison",
    "weekly",
    "open",
    "warning",
    "latency is 20 % worse",
    {"effect": 0.2, "metric": "latency", "calls_needed": None},
    AT,
)
BEFORE = AT - timedelta(microseconds=1)


@pytest.mark.clickhouse
def test_a_notice_comes_back_as_it_was_written(shared_store: Store) -> None:
    write(shared_store, [NOTICE])
    assert read(shared_store, BEFORE, 10) == [NOTICE]
    assert read(shared_store, AT, 10) == []


@pytest.mark.clickhouse
def test_a_state_is_told_once_and_stays_as_it_was_first(shared_store: Store) -> None:
    later = replace(NOTICE, at=AT + timedelta(hours=1), title="again")
    well = replace(NOTICE, at=AT + timedelta(hours=2), state="resolved")
    for notices in ([NOTICE], [later, well], []):
        write(shared_store, notices)
    assert read(shared_store, BEFORE, 10) == [NOTICE, well]


@pytest.mark.clickhouse
def test_who_goes_on_after_the_last_time_misses_nothing(shared_store: Store) -> None:
    others = [replace(NOTICE, notice_id=str(number), at=AT + timedelta(seconds=number // 3)) for number in range(6)]
    write(shared_store, others[::-1])
    first = read(shared_store, BEFORE, 2)
    assert first == others[:3]
    assert read(shared_store, first[-1].at, 2) == others[3:]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"kind": "gossip"}, "'gossip' is none of budget"),
        ({"state": "closed"}, "'closed' is none of open"),
        ({"severity": "dire"}, "'dire' is none of info"),
        ({"at": AT.replace(tzinfo=None)}, "needs a zone"),
    ],
    ids=["kind", "state", "severity", "at"],
)
def test_what_is_no_notice_is_refused(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        replace(NOTICE, **wrong)
