"""Clients that send numbered requests without pause, and remember which were acknowledged."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.collector.otlp import START_NS, SpanSpec, request

SPANS = 20
_HEADERS = {"content-type": "application/x-protobuf"}


def numbered(number: int) -> bytes:
    """The request of that number, always the same but for its time: calls of just now, each a trace of its own."""
    begin_ms = (time.time_ns() - START_NS) // 1_000_000 - 2_000
    ids = range(number * SPANS + 1, (number + 1) * SPANS + 1)
    return request(
        *(
            SpanSpec(n, trace=n * 0x9E3779B97F4A7C15, start_ms=begin_ms, end_ms=begin_ms + 900, service="load")
            for n in ids
        )
    )


@dataclass(slots=True)
class Load:
    """Some threads, each sending one request after another; an error ends none of them."""

    url: str
    sent: dict[int, bytes] = field(default_factory=dict)
    acknowledged: set[int] = field(default_factory=set)
    _next: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self, threads: int = 4) -> Iterator[None]:
        """Send for the time of the block."""
        workers = [threading.Thread(target=self._work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            self._stop.set()
            for worker in workers:
                worker.join()

    def send_again(self, url: str) -> None:
        """As an exporter does: the same bytes of all that was never acknowledged."""
        with httpx.Client(base_url=url, headers=_HEADERS, trust_env=False, timeout=20) as client:
            for number in sorted(set(self.sent) - self.acknowledged):
                assert client.post("/v1/traces", content=self.sent[number]).status_code == 200
                self.acknowledged.add(number)

    def _work(self) -> None:
        with httpx.Client(base_url=self.url, headers=_HEADERS, trust_env=False, timeout=20) as client:
            while not self._stop.is_set():
                self._send(client, self._number())

    def _number(self) -> int:
        with self._lock:
            self._next += 1
            return self._next - 1

    def _send(self, client: httpx.Client, number: int) -> None:
        self.sent[number] = numbered(number)
        try:
            status = client.post("/v1/traces", content=self.sent[number]).status_code
        except httpx.HTTPError:
            self._stop.wait(0.02)
            return
        if status == 200:
            self.acknowledged.add(number)
