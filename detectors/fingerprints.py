"""Fingerprint change: the provider serves the same model by another configuration, as ``system_fingerprint`` says."""

import numpy as np

from detectors.columns import Ints
from detectors.finding import (
    ACCEPTED_S,
    Dict,
    closed,
    dumped,
    loaded,
    opened,
)
from detectors.group_calls import GroupCalls
from detectors.metrics import Severity
from detectors.records import FindingKind, Regression
from detectors.series import SeriesKey

_MEMORY_CALLS = 200.0
"""A call's weight falls to 1/e after so many."""
_KNOWN_CALLS = 100
_MOST_HELD = 64
_DOMINANT = 0.6
_GONE = 0.05


class Fingerprints:
    """Follows the fingerprint that dominates the answers of one requested model, per served model.

    Providers run many configurations at once and rotate them: only a fingerprint that answered most calls and then
    hardly any, with another in its place, is worth a notice. A new served model brings its own and is told elsewhere.
    """

    def __init__(self, parent: SeriesKey) -> None:
        self._parent = parent
        self._weights: dict[str, dict[str, float]] = {}
        self._calls: dict[str, int] = {}
        self._dominant: dict[str, str] = {}
        self._open: Regression | None = None

    def feed(self, calls: GroupCalls, now: float) -> list[Regression]:
        """See :class:`~detectors.finding.FindingDetector`."""
        found = self.advance(now)
        prints, codes = calls.words("system_fingerprint")
        known = np.array([bool(name) for name in prints], bool)
        if not known.any():
            return found
        keep = np.flatnonzero(calls.answered & known[codes])
        models, served = calls.words("model")
        for model in np.unique(served[keep]).tolist():
            rows = keep[served[keep] == model]
            found += self._seen(models[model], prints, codes[rows], float(calls.ts[rows[-1]]))
        return found

    def advance(self, now: float) -> list[Regression]:
        """A change that stayed for seven days is the new normal."""
        if self._open is None or now < (accepted := self._open.detected_at.timestamp() + ACCEPTED_S):
            return []
        done, self._open = closed(self._open, accepted, "stayed so for 7 days: taken as the new normal"), None
        return [done]

    def _seen(self, model: str, prints: list[str], codes: Ints, at: float) -> list[Regression]:
        if model not in self._weights and len(self._weights) >= _MOST_HELD:
            return []
        weights = self._weights.setdefault(model, {})
        _forget(weights, len(codes))
        found = np.unique(codes, return_counts=True)
        for code, count in zip(found[0].tolist(), found[1].tolist(), strict=True):
            weights[prints[code]] = weights.get(prints[code], 0.0) + count
        self._calls[model] = self._calls.get(model, 0) + len(codes)
        return self._judged(model, weights, at)

    def _judged(self, model: str, weights: dict[str, float], at: float) -> list[Regression]:
        total = sum(weights.values())
        top = max(weights, key=lambda name: (weights[name], name))
        if self._calls[model] < _KNOWN_CALLS or weights[top] < _DOMINANT * total:
            return []
        before = self._dominant.setdefault(model, top)
        if top == before or weights.get(before, 0.0) > _GONE * total:
            return []
        self._dominant[model] = top
        return self._changed(model, before, top, at)

    def _changed(self, model: str, before: str, after: str, at: float) -> list[Regression]:
        found = []
        if self._open:
            found.append(closed(self._open, at, f"the fingerprint changed again, to {after}"))
        self._open = opened(
            FindingKind.SERVED_MODEL_CHANGE,
            self._parent,
            at=at,
            onset=at,
            severity=Severity.NOTICE,
            reason=f"{model} answers with fingerprint {after}, before mostly with {before}",
            details={"what": "system_fingerprint", "before": before, "after": after, "served_model": model},
        )
        return [*found, self._open]

    def accept(self, finding: str, at: float) -> bool:
        """See :class:`~detectors.finding.FindingDetector`."""
        if self._open is None or self._open.id != finding:
            return False
        self._open = None
        return True

    def state(self) -> Dict:
        """See :class:`~detectors.finding.FindingDetector`."""
        return {
            "weights": self._weights,
            "calls": self._calls,
            "dominant": self._dominant,
            "open": dumped(self._open),
        }

    def restore(self, state: Dict) -> None:
        """See :class:`~detectors.finding.FindingDetector`."""
        self._weights = {model: dict(weights) for model, weights in state["weights"].items()}
        self._calls, self._dominant = dict(state["calls"]), dict(state["dominant"])
        self._open = loaded(state["open"])


def _forget(weights: dict[str, float], calls: int) -> None:
    fade = float(np.exp(-calls / _MEMORY_CALLS))
    for name in list(weights):
        weights[name] *= fade
    while len(weights) >= _MOST_HELD:
        del weights[min(weights, key=lambda name: (weights[name], name))]
