"""What the mock provider saw: one entry a call, whatever number of HTTP attempts it took."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from demo.draw import Ask, Reply
from demo.profiles import Ending
from watchkeeper.schema import Outcome

OUTCOMES = {
    Ending.ANSWER: Outcome.OK,
    Ending.REFUSAL: Outcome.REFUSED,
    Ending.WORDED_REFUSAL: Outcome.REFUSED,
    Ending.CONTENT_FILTER: Outcome.FILTERED,
    Ending.TRUNCATED: Outcome.TRUNCATED,
    Ending.BROKEN_JSON: Outcome.FORMAT_INVALID,
    Ending.RATE_LIMITED: Outcome.RATE_LIMITED,
    Ending.SERVER_ERROR: Outcome.ERROR,
    Ending.SLOW: Outcome.OK,
}
"""A slow answer is a good one, unless the client went away before it came."""


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One call as the provider knows it. Token counts are null where no usage went over the wire."""

    application: str
    model: str
    outcome: Outcome
    attempts: int
    streamed: bool
    input_tokens: int | None
    output_tokens: int | None


class Truth:
    """The provider's own books, safe to read from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str], ProviderCall] = {}
        self._in_flight = 0

    def opened(self) -> None:
        """A request arrived."""
        with self._lock:
            self._in_flight += 1

    def closed(self, ask: Ask, reply: Reply, gone: bool) -> None:
        """The request was answered, or the client had ``gone``. A retry replaces the attempt before it."""
        outcome = Outcome.TIMEOUT if gone else OUTCOMES[reply.ending]
        told = not gone and outcome not in (Outcome.RATE_LIMITED, Outcome.ERROR)
        told = told and (ask.include_usage or not ask.stream)
        call = ProviderCall(
            application=ask.application,
            model=ask.model,
            outcome=outcome,
            attempts=ask.attempt,
            streamed=ask.stream,
            input_tokens=reply.tokens.input if told else None,
            output_tokens=reply.tokens.output if told else None,
        )
        with self._lock:
            self._in_flight -= 1
            self._calls[ask.application, ask.digest] = call

    @property
    def in_flight(self) -> int:
        with self._lock:
            return self._in_flight

    def calls(self) -> Sequence[ProviderCall]:
        """Every call so far."""
        with self._lock:
            return tuple(self._calls.values())

    def outcomes(self) -> dict[str, Counter[Outcome]]:
        """Calls by application and outcome."""
        counted: dict[str, Counter[Outcome]] = {}
        for call in self.calls():
            counted.setdefault(call.application, Counter())[call.outcome] += 1
        return counted
