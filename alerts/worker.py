"""One channel's worker: messages in their order, each until it is delivered or given up, on a thread of its own."""

import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.delivery_log import delivery
from alerts.message import Message
from alerts.sending import Sender, Undelivered
from watchkeeper.storage.alert_deliveries import Delivery, Outcome
from watchkeeper.telemetry import logger

_log = logger("alerts")
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
_REJECTED_TRIES = 3

Log = Callable[[Delivery], None]
"""Takes what became of an attempt; called by the worker's thread. It must not raise."""
Pause = Callable[[threading.Event, float], None]
"""Waits so many seconds, or until the event is set."""


def pause(stop: threading.Event, seconds: float) -> None:
    """As the machine's clock says."""
    stop.wait(seconds)


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker is made of."""

    sender: Sender
    give_up: timedelta
    log: Log
    now: Callable[[], datetime]
    pause: Pause = pause
    random: Callable[[], float] = random.random
    """0 … 1: spreads repetitions."""


class ChannelWorker:
    """A message that fails is tried again before the next one: what is over is never told before it began."""

    def __init__(self, name: str, parts: WorkerParts) -> None:
        self.name = name
        self._parts = parts
        self._queue: deque[Message] = deque()
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._stop = threading.Event()
        self._problem = ""
        self._thread = threading.Thread(target=self._run, name=f"alerts {name}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def offer(self, message: Message) -> None:
        """Send it after those before it. One that waits already, by its key, is not sent twice. Never blocks."""
        with self._lock:
            if message.key in self._known:
                return
            self._known.add(message.key)
            self._queue.append(message)
        self._something.set()

    def ask_to_stop(self) -> None:
        """End soon."""
        self._stop.set()
        self._something.set()

    def stop(self, timeout_s: float) -> bool:
        """End after the attempt under way; false when that did not end in time. What waits comes again."""
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self._thread.is_alive():
            return False
        self._parts.sender.close()
        return True

    @property
    def problem(self) -> str:
        """Why the latest attempt failed; empty where it did not."""
        return self._problem

    @property
    def waiting(self) -> int:
        """Messages that are not delivered yet."""
        return len(self._queue)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._something.wait()
            self._something.clear()
            while self._queue and not self._stop.is_set():
                message = self._queue[0]
                if self._deliver(message):
                    with self._lock:
                        self._queue.popleft()
                        self._known.discard(message.key)

    def _deliver(self, message: Message) -> bool:
        """Try until it is settled; false when stopped before."""
        attempt = 0
        while not self._stop.is_set():
            attempt += 1
            fault = self._attempt(message)
            if fault is None:
                self._note(message, Outcome.SENT, attempt, "")
                return True
            if self._is_over(message, fault, attempt):
                self._note(message, Outcome.GIVEN_UP, attempt, str(fault))
                _log.error("gave a message up", channel=self.name, key=message.key, error=str(fault), attempts=attempt)
                return True
            self._note(message, Outcome.FAILED, attempt, str(fault))
            if attempt in (1, 10) or attempt % 100 == 0:
                _log.warning("a channel did not take a message, trying again", channel=self.name, error=str(fault))
            self._parts.pause(self._stop, self._wait_s(fault, attempt))
        return False

    def _attempt(self, message: Message) -> Undelivered | None:
        try:
            self._parts.sender.send(message)
        except Undelivered as error:
            return error
        except Exception as error:  # noqa: BLE001  no fault of one channel may end what the others wait for
            # The text of an error that is not ours might quote anything.
            return Undelivered(f"a defect: {type(error).__name__}")
        return None

    def _is_over(self, message: Message, fault: Undelivered, attempt: int) -> bool:
        late = self._parts.now() - message.at >= self._parts.give_up
        return late or (fault.rejected and attempt >= _REJECTED_TRIES)

    def _wait_s(self, fault: Undelivered, attempt: int) -> float:
        if fault.retry_after_s is not None:
            return fault.retry_after_s
        longest = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(attempt - 1, 20))
        return longest * (0.5 + self._parts.random() / 2)

    def _note(self, message: Message, outcome: Outcome, attempt: int, error: str) -> None:
        self._problem = error if outcome is not Outcome.SENT else ""
        self._parts.log(delivery(message, self._parts.now(), outcome, attempt, error))
