"""Dead letters through the pipeline again: in the process that has one, or out through Kafka."""

from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout

from api.routes.dead_letters import Replay
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import DeadLetter, mark_replayed
from watchkeeper.streams.otlp_sink import Reply, Sink, Verdict
from watchkeeper.streams.source import Encoding, Signal

_ANSWER_S = 30.0


def replay_into(sink: Sink, store: Store, clock: Clock) -> Replay:
    """Submit letters to ``sink`` and mark those that were taken."""

    def replay(letters: Sequence[DeadLetter]) -> Sequence[str]:
        futures = [sink.submit(Signal(letter.signal), Encoding(letter.encoding), letter.body) for letter in letters]
        failures = [_failure(future) for future in futures]
        taken = [letter.id for letter, failure in zip(letters, failures, strict=True) if not failure]
        if taken:
            mark_replayed(store, taken, clock.now())
        return failures

    return replay


def _failure(future: Future[Reply]) -> str:
    try:
        reply = future.result(_ANSWER_S)
    except FutureTimeout:
        return f"no answer within {_ANSWER_S:.0f} s"
    return "" if reply.verdict in (Verdict.STORED, Verdict.PARTIAL) else reply.message or reply.verdict
