"""When most input is unreadable, stop: a broken producer must not empty a topic into the dead letters."""

from collections import deque
from collections.abc import Mapping

from watchkeeper.errors import BadMessage, DeadLetterLimit
from watchkeeper.streams.source import Batch

_WINDOW = 1_000
_MIN_FOR_RATIO = 100


class BadMessageGuard:
    """Counts unreadable messages by ratio over the last 1,000 messages, and in a row."""

    def __init__(self, max_ratio: float, max_consecutive: int) -> None:
        self._max_ratio = max_ratio
        self._max_consecutive = max_consecutive
        self._recent: deque[bool] = deque(maxlen=_WINDOW)
        self._consecutive = 0

    def check(self, batch: Batch, bad: Mapping[int, BadMessage]) -> None:
        """Count ``batch``, before anything of it is stored.

        Raises :class:`DeadLetterLimit` when a limit is passed; the batch stays unacknowledged.
        """
        for position in range(len(batch.messages)):
            is_bad = position in bad
            self._recent.append(is_bad)
            self._consecutive = self._consecutive + 1 if is_bad else 0
            if self._consecutive > self._max_consecutive:
                self._stop(batch, f"{self._consecutive} messages in a row are unreadable", bad)
        share = sum(self._recent) / len(self._recent) if self._recent else 0.0
        if len(self._recent) >= _MIN_FOR_RATIO and share > self._max_ratio:
            self._stop(batch, f"{share:.0%} of the last {len(self._recent)} messages are unreadable", bad)

    def _stop(self, batch: Batch, what: str, bad: Mapping[int, BadMessage]) -> None:
        reasons = ", ".join(sorted({error.reason for error in bad.values()}))
        raise DeadLetterLimit(
            f"{what} ({reasons}), up to {batch.source} partition {batch.partition} offset {batch.last_offset}; "
            "nothing of this batch was acknowledged. Mend the producer or raise WATCHKEEPER_DEAD_LETTER_MAX_RATIO "
            "and WATCHKEEPER_DEAD_LETTER_MAX_CONSECUTIVE, then start again"
        )
