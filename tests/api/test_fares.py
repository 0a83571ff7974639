"""Rates, latency classes, what is kept for a moment, and the examples of the OpenAPI document. Without a store."""

import threading
import time

import pytest
from pydantic import BaseModel

from api.health.models import HealthAnswer, HistoryAnswer, RatesItem
from api.kept import Kept
from api.timeline.models import ModelsAnswer
from api.what_if.fares import latency_class, rates
from tests.api.client import NOW
from watchkeeper.clock import ManualClock
from watchkeeper.errors import ConfigError, StoreUnavailable
from watchkeeper.schema import Outcome
from watchkeeper.storage.series_health import Times


@pytest.mark.parametrize("answer", [HealthAnswer, HistoryAnswer, ModelsAnswer], ids=lambda answer: answer.__name__)
def test_the_examples_are_answers(answer: type[BaseModel]) -> None:
    example = answer.model_json_schema()["example"]
    shown = answer.model_validate(example).model_dump(mode="json")
    assert shown == example


def test_what_failed_is_not_kept() -> None:
    kept: Kept[int] = Kept(ManualClock(NOW), 5.0)

    def away() -> int:
        raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        kept.get("", away)
    assert kept.get("", lambda: 3) == 3
    assert kept.get("", away) == 3


def test_what_is_too_large_is_made_every_time_and_the_rest_is_bounded() -> None:
    kept: Kept[int] = Kept(ManualClock(NOW), 5.0, 2, keeps=lambda value: value < 10)
    made = iter([10, 11, 1, 2, 3, 4])

    def make() -> int:
        return next(made)

    assert [kept.get("large", make) for _ in range(2)] == [10, 11]
    assert [kept.get(key, make) for key in ("a", "b", "a", "c", "a", "b")] == [1, 2, 1, 3, 1, 4]


def test_an_old_value_serves_while_a_new_one_is_made_behind() -> None:
    clock, made = ManualClock(NOW), threading.Event()
    kept: Kept[int] = Kept(clock, 5.0, behind=True)
    assert kept.get("", lambda: 1) == 1
    clock.sleep(6)

    def slow() -> int:
        assert made.wait(20)
        return 2

    assert kept.get("", slow) == kept.get("", slow) == 1
    made.set()
    deadline = time.monotonic() + 20
    while (found := kept.get("", slow)) == 1 and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert found == 2


def times(calls: int, *within: int) -> Times:
    return Times(calls, 1.0, 1.0, 1.0, within)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (times(1_000, 990, 1_000, 1_000), "real_time"),
        (times(1_000, 100, 990, 1_000), "interactive"),
        (times(1_000, 0, 100, 990), "near_real_time"),
        (times(1_000, 0, 0, 500), "batch"),
        (times(1_000, 950, 1_000, 1_000), None),
        (times(20, 20, 20, 20), None),
        (Times(0, None, None, None, (0, 0, 0)), None),
    ],
)
def test_a_latency_class_is_told_when_it_is_sure(given: Times, found: str | None) -> None:
    assert latency_class(given)[0] == found


def test_few_calls_leave_several_classes_open() -> None:
    assert latency_class(times(20, 20, 20, 20))[1] == (
        "real-time or interactive or near-real-time or batch: 20 calls are too few to tell"
    )


def test_rates_cover_every_outcome_and_field() -> None:
    (found,) = rates([{str(outcome): 1 for outcome in Outcome}])
    assert RatesItem.model_validate(found) and list(found) == list(RatesItem.model_fields)
    bad = sum(share["calls"] for share in found.values())
    assert bad == len(Outcome) - 1, "all but cancelled calls"
    assert rates([]) == []
    assert rates([{"cancelled": 3}])[0]["ok"] == {"calls": 0, "of": 0, "rate": None, "low": None, "high": None}


def test_who_waited_while_a_value_failed_is_told_the_same_failure() -> None:
    clock = ManualClock(NOW)
    kept: Kept[int] = Kept(clock, 5.0)
    begun, made = threading.Event(), 0

    def fail() -> int:
        nonlocal made
        made += 1
        begun.set()
        waiting.wait(10)
        clock.sleep(1.0)
        raise ConfigError("too much")

    waiting, outcome = threading.Event(), list[str]()

    def ask() -> None:
        try:
            kept.get("k", fail)
        except ConfigError as error:
            outcome.append(str(error))

    first, second = (threading.Thread(target=ask) for _ in range(2))
    first.start()
    assert begun.wait(10)
    second.start()
    # The second waits for the lock, or comes later and makes the value itself: both end in the failure.
    waiting.set()
    first.join(10)
    second.join(10)
    assert outcome == ["too much"] * 2
    assert made in (1, 2)
