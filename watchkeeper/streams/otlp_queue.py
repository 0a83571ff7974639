"""The bounded queue between the OTLP receivers and the one pipeline thread, as a :class:`Source`."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from watchkeeper.clock import Clock
from watchkeeper.streams.otlp_linger import Linger
from watchkeeper.streams.otlp_sink import STORED, Reply, Verdict, answered
from watchkeeper.streams.source import Batch, Encoding, RawMessage, Rejection, Signal

OTLP_SOURCE = "otlp"
_FULL = Reply(Verdict.BUSY, "as many requests are waiting for the store as may be held; send again later")
_CLOSED = Reply(Verdict.UNAVAILABLE, "the collector is shutting down; send again later")
_RELEASED = Reply(Verdict.UNAVAILABLE, "the store did not take the data; send again later")


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Bounds of the queue and of one batch; bytes are those of the requests' bodies."""

    max_bytes: int = 64 * 2**20
    """Most bytes held, waiting and in work together. One request is always taken into an empty queue."""
    max_messages: int = 10_000
    batch_max_bytes: int = 32 * 2**20
    batch_max_messages: int = 2_000
    linger: Linger = field(default_factory=Linger)


class OtlpSource:
    """Requests from any thread in, batches for the pipeline's thread out (:class:`Sink` and :class:`Source`).

    Offsets run on from the microsecond of the start, so they grow over restarts too (fewer than a million
    requests arrive a second). ``run_id`` is different in each process and makes the tokens unique.
    """

    stops_on_dead_letters = False

    def __init__(self, limits: QueueLimits, clock: Clock, run_id: str) -> None:
        self._limits = limits
        self._clock = clock
        self._run_id = run_id
        self._changed = threading.Condition()
        self._waiting: deque[tuple[RawMessage, Future[Reply]]] = deque()
        self._waiting_bytes = 0
        self._in_work: dict[str, Batch] = {}
        self._in_work_bytes = 0
        self._next_offset = self._now_us()
        self._expected = 0
        self._wake_at = 1
        self._opening = True
        self._closed = False

    # --- the receivers' side

    def submit(self, signal: Signal, encoding: Encoding, body: bytes) -> Future[Reply]:
        """Queue one request; see :meth:`Sink.submit`. Safe on any thread, never blocks on the store."""
        with self._changed:
            if self._closed:
                return answered(_CLOSED)
            if self._is_full(len(body)):
                return answered(_FULL)
            future: Future[Reply] = Future()
            future.set_running_or_notify_cancel()  # from here on nobody can cancel it: it will be stored
            self._waiting.append((self._message(signal, encoding, body), future))
            self._waiting_bytes += len(body)
            if self._is_worth_waking():
                self._changed.notify()
        return future

    @property
    def held_messages(self) -> int:
        """Requests that are waiting or in work; 0 when everything is answered."""
        return len(self._waiting) + sum(len(batch.messages) for batch in tuple(self._in_work.values()))

    @property
    def held_bytes(self) -> int:
        return self._waiting_bytes + self._in_work_bytes

    def _is_full(self, size: int) -> bool:
        held = self.held_messages
        too_many = held >= self._limits.max_messages
        return held > 0 and (too_many or self.held_bytes + size > self._limits.max_bytes)

    def _message(self, signal: Signal, encoding: Encoding, body: bytes) -> RawMessage:
        offset = self._next_offset
        self._next_offset += 1
        return RawMessage(body, offset, signal, encoding, self._now_us())

    def _is_worth_waking(self) -> bool:
        return len(self._waiting) >= self._wake_at or self._waiting_bytes >= self._enough_bytes()

    def _now_us(self) -> int:
        return int(self._clock.now().timestamp() * 1e6)

    # --- the pipeline's side

    def poll(self, timeout_s: float) -> Sequence[Batch]:
        """One batch of all that waits, up to the batch limits; empty after ``timeout_s`` without any."""
        with self._changed:
            self._wake_at = 1
            if not self._changed.wait_for(lambda: bool(self._waiting), timeout_s):
                return ()
            self._linger()
            return (self._take(),)

    def begin(self, batches: Sequence[Batch]) -> None:
        """Nothing to record: a client that got no answer sends again."""

    def acknowledge(self, batch: Batch, rejections: Mapping[int, Rejection]) -> None:
        """Answer every request of ``batch``: stored, or rejected with its reason."""
        with self._changed:
            self._let_go(batch)
            self._expected = len(batch.messages) + len(self._waiting)
        for index, future in enumerate(_futures(batch)):
            rejection = rejections.get(index)
            _resolve(future, STORED if rejection is None else _rejected(rejection))

    def release(self, batch: Batch, error: Exception) -> None:
        """Answer "send again later". ``error`` is for our own logs; clients do not see it."""
        with self._changed:
            self._let_go(batch)
            self._expected = 0
        for future in _futures(batch):
            _resolve(future, _RELEASED)

    def keep_alive(self) -> None:
        """Nothing to keep alive; requests that arrive meanwhile wait until the queue is full."""

    def owns(self, batch: Batch) -> bool:
        return True

    def close(self) -> None:
        """Stop intake. What waits can still be polled and acknowledged; :meth:`abandon` answers it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """Stop intake and answer everything that still waits with "send again later"."""
        self.close()
        with self._changed:
            left = [future for _, future in self._waiting]
            self._waiting.clear()
            self._waiting_bytes = 0
        for future in left:
            _resolve(future, _CLOSED)

    def _linger(self) -> None:
        rule = self._limits.linger
        waited_s = quiet_s = 0.0
        seen = len(self._waiting)
        self._wake_at = min(self._expected, self._limits.batch_max_messages)
        while not self._has_enough() and not rule.is_ripe(seen, self._wake_at, waited_s, quiet_s):
            self._changed.wait(rule.step_s)
            waited_s += rule.step_s
            quiet_s = quiet_s + rule.step_s if len(self._waiting) == seen else 0.0
            seen = len(self._waiting)

    def _has_enough(self) -> bool:
        return self._closed or self._waiting_bytes >= self._enough_bytes()

    def _enough_bytes(self) -> int:
        return min(self._limits.linger.enough_bytes, self._limits.batch_max_bytes)

    def _take(self) -> Batch:
        messages: list[RawMessage] = []
        futures: list[Future[Reply]] = []
        size = 0
        while self._waiting and self._fits(len(messages), size + len(self._waiting[0][0].body)):
            message, future = self._waiting.popleft()
            messages.append(message)
            futures.append(future)
            size += len(message.body)
        opening, self._opening = self._opening, False
        token = f"{OTLP_SOURCE}-{self._run_id}-{messages[0].offset}-{messages[-1].offset}"
        batch = Batch(OTLP_SOURCE, 0, messages, token, opening, futures)
        self._waiting_bytes -= size
        self._in_work[token] = batch
        self._in_work_bytes += size
        return batch

    def _fits(self, messages: int, size: int) -> bool:
        within = messages < self._limits.batch_max_messages and size <= self._limits.batch_max_bytes
        return messages == 0 or within

    def _let_go(self, batch: Batch) -> None:
        if self._in_work.pop(batch.token, None) is not None:
            self._in_work_bytes -= sum(len(message.body) for message in batch.messages)


def _futures(batch: Batch) -> list[Future[Reply]]:
    return [handle for handle in batch.reply_to if isinstance(handle, Future)]


def _resolve(future: Future[Reply], reply: Reply) -> None:
    if not future.done():
        future.set_result(reply)


def _rejected(rejection: Rejection) -> Reply:
    verdict = Verdict.PARTIAL if rejection.spans else Verdict.MALFORMED
    text = f"{rejection.reason}: {rejection.detail}" if rejection.detail else rejection.reason
    return Reply(verdict, text, rejection.spans)
