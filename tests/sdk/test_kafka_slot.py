"""When a producer is opened, given up and opened again; no broker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

import pytest

from watchkeeper_sdk.kafka_producer import Producer
from watchkeeper_sdk.kafka_slot import ProducerSlot


class FakeProducer:
    """Notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def let_go(self) -> None:
        self.done.append("let go")

    def close(self, timeout_s: float) -> None:
        self.done.append(f"closed within {timeout_s:g} s")


class Bench:
    """A slot with a clock that stands still; ``refuse`` makes the next attempts fail."""

    def __init__(self) -> None:
        self.now = 100.0
        self.made: list[FakeProducer] = []
        self.attempts = 0
        self.refuse = False
        self.failures: list[Exception] = []
        self.before_open: Callable[[], None] = lambda: None
        self.slot = ProducerSlot(self.open, self.failures.append, lambda: self.now)

    def open(self) -> Producer:
        self.attempts += 1
        self.before_open()
        if self.refuse:
            raise ConnectionError("away")
        self.made.append(FakeProducer())
        return cast(Producer, self.made[-1])


@pytest.fixture
def bench() -> Bench:
    return Bench()


def taken(bench: Bench) -> Producer:
    producer = bench.slot.take(1)
    assert producer is not None
    return producer


def test_it_is_opened_once_and_kept(bench: Bench) -> None:
    assert bench.attempts == 0
    assert taken(bench) is taken(bench)
    assert bench.attempts == 1


def test_attempts_are_half_a_second_apart_at_first_and_half_a_minute_at_last(bench: Bench) -> None:
    bench.refuse = True
    at: list[float] = []
    bench.before_open = lambda: at.append(bench.now)
    while len(at) < 9:
        assert bench.slot.take(1) is None
        bench.now += 0.25
    waits = [later - earlier for earlier, later in zip(at, at[1:], strict=False)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert len(bench.failures) == 9


def test_a_producer_that_failed_is_not_used_again_and_the_next_waits(bench: Bench) -> None:
    first = taken(bench)
    bench.slot.give_up(first)
    assert bench.made[0].done == ["let go"]
    assert bench.slot.take(1) is None
    bench.now += 0.5
    assert taken(bench) is not first
    bench.slot.give_up(taken(bench))
    bench.now += 0.5
    assert bench.slot.take(1) is None  # twice in a row: longer
    bench.now += 0.5
    taken(bench)
    bench.slot.delivered()
    bench.slot.give_up(taken(bench))
    bench.now += 0.5
    taken(bench)


def test_a_refused_message_costs_no_wait(bench: Bench) -> None:
    first = taken(bench)
    bench.slot.give_up(first, wait=False)
    assert taken(bench) is not first


def test_giving_up_an_old_one_leaves_the_new_one(bench: Bench) -> None:
    old = taken(bench)
    bench.slot.give_up(old)
    bench.now += 1
    new = taken(bench)
    bench.slot.give_up(old)
    assert bench.slot.take(1) is new


def test_after_close_nothing_is_opened(bench: Bench) -> None:
    taken(bench)
    bench.slot.close(3)
    assert bench.made[0].done == ["closed within 3 s"]
    bench.now += 100
    assert bench.slot.take(1) is None and bench.attempts == 1


def test_one_that_was_opened_while_closing_is_let_go(bench: Bench) -> None:
    bench.before_open = lambda: bench.slot.close(0)
    assert bench.slot.take(1) is None
    assert bench.made[0].done == ["let go"]


def test_who_waits_for_another_thread_to_open_waits_no_longer_than_told(bench: Bench) -> None:
    opening, go_on = threading.Event(), threading.Event()

    def hesitate() -> None:
        opening.set()
        go_on.wait(10)

    bench.before_open = hesitate
    other = threading.Thread(target=bench.slot.take, args=(1,))
    other.start()
    assert opening.wait(10)
    assert bench.slot.take(0.01) is None
    go_on.set()
    other.join(10)
    assert bench.attempts == 1 and bench.slot.take(0) is not None


def test_a_child_leaves_the_parents_alone_and_opens_its_own(bench: Bench) -> None:
    parents = taken(bench)
    bench.slot.forget()
    assert bench.made[0].done == []
    assert taken(bench) is not parents


def test_a_child_of_a_parent_that_was_opening_is_not_stuck(bench: Bench) -> None:
    opening, go_on = threading.Event(), threading.Event()

    def hesitate() -> None:
        bench.before_open = lambda: None
        opening.set()
        go_on.wait(10)

    bench.before_open = hesitate
    parents = threading.Thread(target=bench.slot.take, args=(1,))
    parents.start()
    assert opening.wait(10)
    bench.slot.forget()
    taken(bench)
    go_on.set()
    parents.join(10)
