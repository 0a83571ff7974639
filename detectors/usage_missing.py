"""Usage missing: answers come without token counts, so cost and tokens a call are not known any more."""

from dataclasses import asdict, dataclass
from math import log
from typing import Any

import numpy as np

from detectors.finding import Dict, Recent, Shared, opened
from detectors.group_calls import GroupCalls
from detectors.metrics import Severity
from detectors.records import FindingKind, Regression, Size
from detectors.series import SeriesKey

_BASELINE_CALLS = 200
_HIGHEST_BASE = 0.1
_LEAST_BASE = 0.02
_NEW_SHARE = 0.3
"""The share of answers without usage that the test looks for."""
_ALARM = 25.0
"""In nats: chance reaches it about once in exp(25) = 7e10 answers of the assumed base share."""
_CLOSE = 15.0


@dataclass(slots=True)
class _Share:
    """Answers without usage of one workload: the base share, and sums of log-likelihood ratios for and against."""

    answers: int = 0
    base_missing: int = 0
    statistic: float = 0.0
    since: float = 0.0
    before: float = 0.0
    """Last moment that spoke against it."""
    missing: int = 0
    streamed: int = 0
    """Of ``missing``."""
    asked: int = 0
    """Answers since the statistic left zero."""
    open: bool = False

    @property
    def base(self) -> float:
        """Share of answers without usage when the workload was learnt."""
        return self.base_missing / max(1, min(self.answers, _BASELINE_CALLS))

    def weights(self) -> tuple[float, float]:
        """What an answer without usage, and one with it, adds to the statistic."""
        low = max(_LEAST_BASE, 2 * self.base)
        return log(_NEW_SHARE / low), log((1 - _NEW_SHARE) / (1 - low))


class UsageMissing:
    """CUSUM of a workload's answers without input and output tokens, from nearly none to three in ten or more.

    Workloads that never told their usage are not watched. One notice for all workloads of a model.
    """

    def __init__(self, parent: SeriesKey) -> None:
        self._parent = parent
        self._shares: Recent[_Share] = Recent(_Share)
        self._open: Shared | None = None

    def feed(self, calls: GroupCalls, now: float) -> list[Regression]:
        """See :class:`~detectors.finding.FindingDetector`."""
        rows = np.flatnonzero(calls.answered)
        missing = np.isnan(calls.numbers("input_tokens")[rows]) & np.isnan(calls.numbers("output_tokens")[rows])
        workload = calls.workload[rows]
        answers = np.bincount(workload, minlength=len(calls.workloads))
        gone = np.bincount(workload[missing], minlength=len(calls.workloads))
        streamed = np.zeros(len(gone), np.int64)
        if missing.any():
            streams = calls.numbers("is_stream")[rows] > 0
            streamed = np.bincount(workload[missing & streams], minlength=len(gone))
        counts = zip(calls.workloads, answers.tolist(), gone.tolist(), streamed.tolist(), strict=True)
        found = []
        for key, total, without, streams_without in counts:
            if total:
                share = self._shares.touch(key)
                found += self._seen(key, share, total, without, streams_without, float(calls.ts[-1]))
        return found

    def advance(self, now: float) -> list[Regression]:
        """Time alone brings nothing."""
        return []

    def _seen(
        self, key: SeriesKey, share: _Share, answers: int, missing: int, streamed: int, at: float
    ) -> list[Regression]:
        if share.answers < _BASELINE_CALLS:
            share.answers += answers
            share.base_missing += missing
            share.before = at
            return []
        if share.base > _HIGHEST_BASE:
            return []
        if share.open:
            return self._maybe_closed(key, share, answers, missing, at)
        _add(share, answers, missing, streamed, at)
        return self._opened(key, share, at) if share.statistic >= _ALARM else []

    def _opened(self, key: SeriesKey, share: _Share, at: float) -> list[Regression]:
        share.open, share.statistic = True, 0.0
        if self._open:
            return self._open.join(key, at)
        self._open = Shared(self._record(key, share, at), key)
        return [self._open.record]

    def _maybe_closed(self, key: SeriesKey, share: _Share, answers: int, missing: int, at: float) -> list[Regression]:
        without, with_ = share.weights()
        # The reverse test: answers with usage are evidence that it is told again.
        share.statistic = max(0.0, share.statistic - 2 * missing * without - (answers - missing) * with_)
        if share.statistic < _CLOSE or self._open is None:
            return []
        share.open, share.statistic, share.before = False, 0.0, at
        done = self._open.leave(key, at, "usage is told again")
        self._open = None if done else self._open
        return done

    def _record(self, key: SeriesKey, share: _Share, at: float) -> Regression:
        after = share.missing / max(1, share.asked)
        mostly = "all of them streams: was stream_options.include_usage lost?" if _all_streams(share) else ""
        text = f"{after:.0%} of the answers tell no token counts, before {share.base:.1%}"
        spread = 2 * (after * (1 - after) / share.asked) ** 0.5
        return opened(
            FindingKind.USAGE_MISSING,
            self._parent,
            at=at,
            onset=share.since,
            onset_low=share.before,
            severity=Severity.NOTICE,
            reason=f"{key.request_model} on {key.service}/{key.route}: {text}" + (f"; {mostly}" if mostly else ""),
            direction="up",
            size=Size(
                before=share.base,
                after=after,
                low=max(0.0, after - spread),
                high=min(1.0, after + spread),
                ratio=after / max(share.base, 0.5 / _BASELINE_CALLS),
                unit="share",
                text=text,
            ),
            details={"streamed": f"{share.streamed / max(1, share.missing):.0%}"},
        )

    def accept(self, finding: str, at: float) -> bool:
        """See :class:`~detectors.finding.FindingDetector`."""
        if self._open is None or self._open.record.id != finding:
            return False
        for workload in self._open.workloads:
            self._shares.forget(workload)
        self._open = None
        return True

    def state(self) -> Dict:
        """See :class:`~detectors.finding.FindingDetector`."""
        return {"shares": self._shares.state(asdict), "open": self._open.state() if self._open else None}

    def restore(self, state: Dict) -> None:
        """See :class:`~detectors.finding.FindingDetector`."""

        def share(fields: dict[str, Any]) -> _Share:
            return _Share(**fields)

        self._shares.restore(state["shares"], share)
        self._open = Shared.of(state["open"]) if state["open"] else None


def _add(share: _Share, answers: int, missing: int, streamed: int, at: float) -> None:
    without, with_ = share.weights()
    if share.statistic == 0.0:
        share.since, share.missing, share.streamed, share.asked = at, 0, 0, 0
    share.statistic = max(0.0, share.statistic + missing * without + (answers - missing) * with_)
    if share.statistic == 0.0:
        share.before = at
    share.missing += missing
    share.streamed += streamed
    share.asked += answers


def _all_streams(share: _Share) -> bool:
    return share.missing > 0 and share.streamed >= 0.95 * share.missing
