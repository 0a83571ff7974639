"""One channel's worker: order, repetitions, and when it gives up."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from alerts.message import Message
from alerts.outbox import MOST_WAITING, with_messages
from alerts.sending import Undelivered
from alerts.trial import trial_message
from alerts.worker import ChannelWorker, WorkerParts
from tests.alerts.made_events import at
from watchkeeper.clock import ManualClock
from watchkeeper.storage.alert_deliveries import Delivery, Outcome


class Bench:
    """A worker whose sender fails as told and whose waits are noted, not waited."""

    def __init__(self) -> None:
        self.clock = ManualClock(at())
        self.faults: list[Exception] = []
        self.sent: list[str] = []
        self.waits: list[float] = []
        self.noted: list[Delivery] = []
        self._came = threading.Condition()
        parts = WorkerParts(self, timedelta(hours=24), self._note, self.clock.now, self._pause, lambda: 1.0)
        self.worker = ChannelWorker("c", parts)

    def send(self, message: Message) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(message.key)

    def close(self) -> None:
        """Nothing to close."""

    def settled(self, count: int) -> list[Delivery]:
        """All that was noted, once ``count`` messages are settled."""

        def enough() -> bool:
            return sum(one.outcome is not Outcome.FAILED for one in self.noted) >= count

        with self._came:
            assert self._came.wait_for(enough, 20)
            return list(self.noted)

    def _note(self, delivery: Delivery) -> None:
        with self._came:
            self.noted.append(delivery)
            self._came.notify_all()

    def _pause(self, stop: threading.Event, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.sleep(seconds)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    made.worker.start()
    yield made
    assert made.worker.stop(20)


def message(nonce: str) -> Message:
    return trial_message("c", at(), nonce)


def test_messages_go_out_in_their_order_whatever_fails(bench: Bench) -> None:
    bench.faults = [Undelivered("away"), Undelivered("away")]
    for nonce in "abc":
        bench.worker.offer(message(nonce))
    bench.worker.offer(message("b"))
    noted = bench.settled(3)
    assert bench.sent == [message(nonce).key for nonce in "abc"]
    assert [one.attempt for one in noted] == [1, 2, 3, 1, 1]
    assert bench.waits == [1.0, 2.0]


def test_waits_grow_and_what_the_receiver_asks_for_is_obeyed(bench: Bench) -> None:
    bench.faults = [*(Undelivered("away") for _ in range(12)), Undelivered("slow down", retry_after_s=77.0)]
    bench.worker.offer(message("a"))
    bench.settled(1)
    assert bench.waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert bench.waits[-2:] == [60.0, 77.0]


def test_a_day_later_it_is_given_up_and_the_next_is_tried(bench: Bench) -> None:
    bench.faults = [Undelivered("away") for _ in range(1_500)]
    bench.worker.offer(message("a"))
    bench.worker.offer(trial_message("c", at(days=2), "b"))
    first, second = (one for one in bench.settled(2) if one.outcome is not Outcome.FAILED)
    assert (first.outcome, first.error) == (Outcome.GIVEN_UP, "away")
    assert second.outcome is Outcome.SENT
    assert bench.clock.now() - at() >= timedelta(hours=24)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda: RuntimeError("token-123"), "a defect: RuntimeError"),
        (lambda: Undelivered("it answered 500"), "it answered 500"),
    ],
    ids=["defect", "fault"],
)
def test_what_went_wrong_is_noted_without_the_words_of_strangers(
    bench: Bench, fault: Callable[[], Exception], told: str
) -> None:
    bench.faults = [fault()]
    bench.worker.offer(message("a"))
    assert [one.error for one in bench.settled(1)] == [told, ""]
    assert bench.worker.problem == ""


def test_the_outbox_is_bounded_by_channel() -> None:
    many = [message(str(number)) for number in range(MOST_WAITING + 2)]
    kept, gone = with_messages({}, many)
    assert len(kept) == MOST_WAITING
    assert [one.key for one in gone] == [many[0].key, many[1].key]
