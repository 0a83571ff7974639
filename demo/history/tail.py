"""The history goes on: its applications keep calling at their own rate, for as long as the demo is up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from demo.history.requests import SpanOfCall, Traffic, export_requests
from watchkeeper.clock import Clock

HOUR_S = 3_600.0
_EVERY_S = 2.0
_PATIENCE_S = 30.0


class Tail:
    """Sends what ends after ``end_s``, each call soon after it ended; times are Unix times.

    One thread runs it; :meth:`stop` may be called from another.
    """

    def __init__(self, traffic: Traffic, begin_s: float, end_s: float) -> None:
        self._traffic = traffic
        self._begin_s = begin_s
        passed = end_s - begin_s
        hour = int(passed // HOUR_S)
        begun = [call for number in (hour - 1, hour) for call in traffic.hour(number)]
        self._waiting = [call for call in begun if call.end_s > passed]
        self._next_hour = hour + 1
        self._stop = threading.Event()
        self.problem = ""
        """Why the latest turn failed; its calls are sent again with the next."""

    def stop(self) -> None:
        """End :meth:`run` after the turn in work."""
        self._stop.set()

    def run(self, otlp: str, clock: Clock) -> None:
        """Until stopped: every two seconds, to the receiver at the address ``otlp``."""
        with httpx.Client(timeout=_PATIENCE_S, trust_env=False) as client:
            while not self._stop.is_set():
                self._turn(client, otlp, clock.now().timestamp())
                self._stop.wait(_EVERY_S)

    def due(self, now_s: float) -> list[SpanOfCall]:
        """Calls that ended by ``now_s`` (Unix time) and were not taken yet."""
        passed = now_s - self._begin_s
        while self._next_hour * HOUR_S <= passed:
            self._waiting += self._traffic.hour(self._next_hour)
            self._next_hour += 1
        return [call for call in self._waiting if call.end_s <= passed]

    def _turn(self, client: httpx.Client, otlp: str, now_s: float) -> None:
        due = self.due(now_s)
        try:
            for body in export_requests(due):
                headers = {"content-type": "application/x-protobuf"}
                client.post(f"{otlp}/v1/traces", content=body, headers=headers).raise_for_status()
        except httpx.HTTPError as error:
            # Spans that were taken already come again: Watchkeeper knows them by their ids.
            self.problem = type(error).__name__
            return
        self.problem = ""
        sent = {id(call) for call in due}
        self._waiting = [call for call in self._waiting if id(call) not in sent]


@contextmanager
def going_on(tail: Tail, otlp: str, clock: Clock) -> Iterator[None]:
    """``tail`` runs for the time of the ``with`` block."""
    thread = threading.Thread(target=tail.run, args=(otlp, clock), name="tail", daemon=True)
    thread.start()
    try:
        yield
    finally:
        tail.stop()
        thread.join(_PATIENCE_S)
