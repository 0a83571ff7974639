"""Dead letters through the pipeline again: in the process that has one, or out through Kafka."""

from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout

from api.routes.dead_letters import Replay
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import DeadLetter, mark_replayed
from watchkeeper.streams.otlp_sink import Reply, Sink, Verdict, answered
from watchkeeper.streams.source import Encoding, Signal

_ANSWER_S = 30.0


_TAKEN = (Verdict.STORED, Verdict.PARTIAL)


def replay_into(sink: Sink, store: Store, clock: Clock, *, rejected_come_back: bool = False) -> Replay:
    """Submit letters to ``sink`` and mark those that were taken.

    ``rejected_come_back``: what ``sink`` rejects is put into the dead letters anew. Then the old letter is marked
    too, or each further replay would double them.
    """
    done = (*_TAKEN, Verdict.MALFORMED) if rejected_come_back else _TAKEN

    def replay(letters: Sequence[DeadLetter]) -> Sequence[str]:
        futures = [_submit(sink, letter) for letter in letters]
        replies = [_answer(future) for future in futures]
        settled = [letter.id for letter, reply in zip(letters, replies, strict=True) if reply.verdict in done]
        if settled:
            mark_replayed(store, settled, clock.now())
        return ["" if reply.verdict in _TAKEN else reply.message or reply.verdict for reply in replies]

    return replay


def _submit(sink: Sink, letter: DeadLetter) -> Future[Reply]:
    if letter.signal not in set(Signal):
        return answered(Reply(Verdict.UNAVAILABLE, f"no OTLP message but one of {letter.source}: it stays"))
    return sink.submit(Signal(letter.signal), Encoding(letter.encoding), letter.body)


def _answer(future: Future[Reply]) -> Reply:
    try:
        return future.result(_ANSWER_S)
    except FutureTimeout:
        return Reply(Verdict.UNAVAILABLE, f"no answer within {_ANSWER_S:.0f} s")
