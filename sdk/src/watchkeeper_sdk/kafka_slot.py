"""The one producer of an exporter in this process: opened when first needed, given up when it fails, opened again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from watchkeeper_sdk.kafka_producer import Producer

_BACK_OFF_S: Final = (0.5, 30.0)

_of_the_parent: list[Producer] = []
"""Producers of the process this one was forked from. Kept, not closed: their sockets are the parent's."""


class ProducerSlot:
    """Thread-safe. ``opens`` gives a connected producer or raises; ``failed`` is told why it could not.

    After a failure the next attempt waits 0.5 s, doubling up to 30 s, until one producer has delivered something.
    """

    def __init__(
        self,
        opens: Callable[[], Producer],
        failed: Callable[[Exception], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._opens = opens
        self._failed = failed
        self._clock = clock
        self._closed = False
        self._producer: Producer | None = None
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._back_off_s = 0.0
        self._not_before = 0.0

    def take(self, timeout_s: float) -> Producer | None:
        """The producer; None during back-off, when it cannot be opened, when closed, or after ``timeout_s``."""
        if self._producer is not None:
            return self._producer
        opening = self._opening
        if not opening.acquire(timeout=max(0.0, timeout_s)):
            return None
        try:
            if self._producer is None and not self._closed and self._clock() >= self._not_before:
                self._open()
            return self._producer
        finally:
            opening.release()

    def delivered(self) -> None:
        """It works: the next failure waits the shortest time again."""
        self._back_off_s = 0.0

    def give_up(self, producer: Producer, *, wait: bool = True) -> None:
        """Let ``producer`` go, and with it what it holds; ``wait``: as after a failed attempt.

        A producer that failed once is not used again: it may hold messages that it never gives up, or refuse all
        that follow (the client library does both).
        """
        with self._lock:
            current = self._producer is producer
            if current:
                self._producer = None
        if current and wait:
            self._wait_longer()
        producer.let_go()

    def close(self, timeout_s: float) -> None:
        """Open no more; say goodbye to the brokers within ``timeout_s``."""
        with self._lock:
            self._closed = True
            producer, self._producer = self._producer, None
        if producer is not None:
            producer.close(timeout_s)

    def forget(self) -> None:
        """In a forked child: leave the parent's producer alone and start anew."""
        if self._producer is not None:
            _of_the_parent.append(self._producer)
            self._producer = None
        self._begin()

    def _open(self) -> None:
        try:
            producer = self._opens()
        except Exception as error:  # noqa: BLE001  whatever it is, it must not reach the application
            self._wait_longer()
            self._failed(error)
            return
        with self._lock:
            if not self._closed:
                self._producer = producer
        if self._closed:  # meanwhile
            producer.let_go()

    def _wait_longer(self) -> None:
        least, most = _BACK_OFF_S
        self._back_off_s = min(most, max(least, self._back_off_s * 2))
        self._not_before = self._clock() + self._back_off_s
