"""Ended calls wait here until a thread of our own has sent them; the application's threads only append.

Bounded: when full, the oldest call is dropped and counted. A batch that could not be delivered goes back to the front,
so an outage loses only what no longer fits.
"""

from __future__ import annotations

import atexit
import multiprocessing.util
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from opentelemetry.context import attach, detach

from watchkeeper_sdk._safety import say, swallowed
from watchkeeper_sdk.records import CallRecord
from watchkeeper_sdk.untraced import untraced

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

_BACK_OFF_S = (0.5, 10.0)
_GIVE_UP_S = 600.0


class Exporter(Protocol):
    """The part of OpenTelemetry's ``SpanExporter`` that is used."""

    def export(self, spans: Sequence[ReadableSpan]) -> object: ...

    def shutdown(self) -> None: ...


@dataclass(frozen=True)
class Counts:
    """What became of the calls so far, in this process."""

    queued: int
    """Waiting, or being sent at this moment."""
    sent: int
    dropped: int
    """Oldest ones that no longer fitted, and those given up."""


@dataclass(frozen=True)
class OutboxLimits:
    """How many and how long: calls, calls, seconds, seconds."""

    capacity: int = 4_096
    batch: int = 512
    every_s: float = 1.0
    settle_s: float = 1.0
    """A call younger than this waits for verdicts, unless the queue is half full or is flushed."""


class Outbox:
    """A bounded queue and the thread that empties it into ``exporter``.

    ``finish`` makes of a record what is sent (null: nothing). It runs on our thread. ``back_off_s``: the least and the
    longest pause after a failure.
    """

    def __init__(
        self,
        exporter: Exporter,
        finish: Callable[[CallRecord], ReadableSpan | None],
        limits: OutboxLimits | None = None,
        flush_s: float = 5.0,
        back_off_s: tuple[float, float] = _BACK_OFF_S,
    ) -> None:
        self._exporter = exporter
        self._back_off_s = back_off_s
        self._finish = finish
        self.limits = limits or OutboxLimits()
        self._flush_s = flush_s
        self._closed = False
        self.paused = False
        """For tests: its processors look away while it is."""
        self._begin()
        self._at_exit = self._follow_process()

    def _follow_process(self) -> Callable[[], None]:
        """Start anew in forked children, and be sent at the end of each process; gives the handler of the end."""
        anew, closing = weakref.WeakMethod(self._begin), weakref.WeakMethod(self.shutdown)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=lambda: _call(anew))
        # Children of multiprocessing skip the interpreter's exit handlers and run their own.
        multiprocessing.util.register_after_fork(self, _flush_at_childs_end)

        def at_exit() -> None:
            try:
                _call(closing)
            except KeyboardInterrupt:
                return  # whoever presses Ctrl-C does not want to wait for us

        atexit.register(at_exit)
        return at_exit

    def _begin(self) -> None:
        """Start empty: at first, and in a forked child, whose parent sends what it had queued itself."""
        self._queue: deque[CallRecord] = deque()
        # Reentrant: garbage collection (of a stream) and signal handlers may end a call on the thread that holds it.
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._idle = threading.Condition(self._lock)
        self._woken = False
        self._worker: threading.Thread | None = None
        self._accepted = 0
        self._in_flight = 0
        self._sent = 0
        self._dropped = 0
        self._hurry_until = 0
        """Calls that were accepted before a flush, and are to be sent without waiting for verdicts."""
        self._failures = 0
        self._most = self.limits.batch
        """Calls in a batch: fewer after failures, to find the one that is refused."""
        self._refused_at: dict[CallRecord, int] = {}
        """Calls that were refused alone, and how many had been sent by then."""
        self._told = 0
        self._exported_once = False

    def put(self, record: CallRecord) -> None:
        """Take a call; never blocks on anything but a short lock."""
        with self._lock:
            self._accepted += 1
            if self._closed:
                self._dropped += 1
                return
            if len(self._queue) >= self.limits.capacity:
                self._drop(self._queue.popleft())
            self._queue.append(record)
            if self._worker is None or not self._worker.is_alive():
                self._start()
            if len(self._queue) == self.limits.batch:
                self._rouse()

    @property
    def closed(self) -> bool:
        """Was it shut down, or does it look away?"""
        return self._closed or self.paused

    @property
    def counts(self) -> Counts:
        """Queued, sent and dropped calls."""
        with self._lock:
            return Counts(len(self._queue) + self._in_flight, self._sent, self._dropped)

    def flush(self, timeout_s: float | None = None, persistent: bool = True) -> bool:
        """Send everything queued by now, young or not; false when the time was too short.

        Not ``persistent``: false also as soon as the receiver did not take something.
        """
        deadline = time.monotonic() + (self._flush_s if timeout_s is None else timeout_s)
        with self._lock:
            target, failures = self._accepted, self._failures
            self._hurry_until = max(self._hurry_until, target)
            self._rouse()
            while self._sent + self._dropped < target:
                left_s = min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)
                gave_up = self._worker is None or (self._failures > failures and not persistent)
                if gave_up or not self._idle.wait(left_s):
                    return self._sent + self._dropped >= target
            return True

    def shutdown(self, timeout_s: float | None = None) -> None:
        """Flush within the time and take no more calls; what is left is dropped and said. Twice is harmless."""
        if self._closed:
            return
        self.flush(timeout_s)
        with self._lock:
            self._closed = True
            left = len(self._queue) + self._in_flight
            self._dropped += len(self._queue)
            self._queue.clear()
            self._rouse()
        atexit.unregister(self._at_exit)
        if left:
            say("left-at-exit", "watchkeeper_sdk: %d calls could not be sent before the end", left)
        try:
            self._exporter.shutdown()
        except Exception as error:  # noqa: BLE001  an exporter must not disturb the application's end
            swallowed("exporter shutdown", error)

    def _start(self) -> None:
        self._worker = threading.Thread(target=self._work, name="watchkeeper-sdk", daemon=True)
        try:
            self._worker.start()
        except RuntimeError:  # the interpreter is ending, or no thread can be had
            self._worker = None

    def _work(self) -> None:
        token = attach(untraced())
        try:
            self._loop()
        finally:
            detach(token)

    def _loop(self) -> None:
        back_off = 0.0
        while not self._closed:
            self._rest(back_off or self.limits.every_s)
            back_off = self._send_all(back_off)
            if back_off:
                self._free_waiting()
            self._tell_drops()

    def _rouse(self) -> None:
        """Wake our thread; the lock is held."""
        self._woken = True
        self._wake.notify()

    def _rest(self, seconds: float) -> None:
        with self._lock:
            if not self._woken:
                self._wake.wait(seconds)
            self._woken = False

    def _send_all(self, back_off: float) -> float:
        """Send batch after batch; gives the seconds to wait before the next try, 0 when all went well."""
        while not self._closed:
            batch = self._take()
            if not batch:
                return 0.0
            lost_before = self._lost_by_exporter()
            delivered = self._export(batch)
            with self._lock:
                self._in_flight = 0
                if delivered:
                    self._delivered(batch, self._lost_by_exporter() - lost_before)
                else:
                    self._give_back(batch)
                self._idle.notify_all()
            if not delivered:
                least, most = self._back_off_s
                # A single call that is refused while others pass must not hold them up.
                return least if self._most == 1 else min(most, max(least, back_off * 2))
        return 0.0

    def _delivered(self, batch: list[CallRecord], lost: int) -> None:
        self._sent += len(batch) - lost
        self._dropped += lost
        self._most = min(self.limits.batch, self._most * 2)
        for record in batch:
            self._refused_at.pop(record, None)

    def _lost_by_exporter(self) -> int:
        """Spans that our Kafka exporter took and could not send, being too large or not to be encoded."""
        lost = getattr(self._exporter, "dropped", 0)
        return lost if isinstance(lost, int) else 0

    def _take(self) -> list[CallRecord]:
        young = time.monotonic() - self.limits.settle_s
        with self._lock:
            hurry = self._sent + self._dropped < self._hurry_until or len(self._queue) > self.limits.capacity // 2
            batch: list[CallRecord] = []
            while self._queue and len(batch) < self._most and (hurry or self._queue[0].ended_at <= young):
                batch.append(self._queue.popleft())
            self._in_flight = len(batch)
            if not batch:
                self._idle.notify_all()
            for record in batch:
                record.sealed = True
            return batch

    def _give_back(self, batch: list[CallRecord]) -> None:
        """To the front again, without what is too old and what no longer fits; one refused alone goes to the end."""
        self._failures += 1
        self._most = max(1, self._most // 2) if self._failures > 1 else self._most
        oldest = time.monotonic() - _GIVE_UP_S
        if len(batch) == 1 and not self._closed:
            record = batch[0]
            if record.ended_at <= oldest or self._sent > self._refused_at.setdefault(record, self._sent):
                self._drop(record)  # others got through since it was refused first
            else:
                self._queue.append(record)
            return
        kept = [record for record in batch if record.ended_at > oldest]
        room = 0 if self._closed else max(0, self.limits.capacity - len(self._queue))
        kept = kept[max(0, len(kept) - room) :]
        self._dropped += len(batch) - len(kept)
        self._queue.extendleft(reversed(kept))

    def _drop(self, record: CallRecord) -> None:
        record.sealed = True
        self._refused_at.pop(record, None)
        self._dropped += 1

    def _free_waiting(self) -> None:
        """Make settled calls ready while they wait: what will not be sent need not be kept, and prompts are large."""
        young = time.monotonic() - self.limits.settle_s
        with self._lock:
            settled = [record for record in self._queue if record.finished is None and record.ended_at <= young]
        for record in settled:
            record.sealed = True
            self._make_ready(record)

    def _export(self, batch: list[CallRecord]) -> bool:
        """Send; what cannot be made ready is taken out of ``batch`` and counted as dropped."""
        ready = [record for record in batch if self._make_ready(record)]
        with self._lock:
            self._dropped += len(batch) - len(ready)
            self._in_flight = len(ready)
        batch[:] = ready
        try:
            spans = [record.finished for record in ready if record.finished is not None]
            done = not spans or getattr(self._exporter.export(spans), "name", "") == "SUCCESS"
        except Exception as error:  # noqa: BLE001  an exporter must not end our thread
            swallowed("export", error)
            done = False
        if not self._exported_once:
            self._exported_once = True
            # Handlers run last in, first out: ours must come before that of a client the exporter has just made.
            atexit.unregister(self._at_exit)
            atexit.register(self._at_exit)
        return done

    def _make_ready(self, record: CallRecord) -> bool:
        try:
            record.finished = record.finished or self._finish(record)
        except Exception as error:  # noqa: BLE001  one call must not keep the others
            swallowed("making a call ready", error)
        if record.finished is None:
            return False
        record.span = record.finished  # the original, and any content in it, can go
        return True

    def _tell_drops(self) -> None:
        dropped = self.counts.dropped
        if dropped > self._told and say(
            "dropped", "watchkeeper_sdk: %d calls dropped so far: the receiver is away or too slow", dropped
        ):
            self._told = dropped


def _flush_at_childs_end(outbox: Outbox) -> None:
    multiprocessing.util.Finalize(outbox, _call, (weakref.WeakMethod(outbox.shutdown),), exitpriority=0)


def _call(method: weakref.WeakMethod[Callable[..., None]]) -> None:
    alive = method()
    if alive is not None:
        alive()
