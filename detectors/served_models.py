"""Served-model change: an alias answers with another model than before, or a fleet answers with two."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from detectors.columns import Bools
from detectors.finding import (
    ACCEPTED_S,
    Dict,
    Recent,
    Shared,
    closed,
    opened,
)
from detectors.group_calls import GroupCalls
from detectors.metrics import Severity
from detectors.records import FindingKind, Regression
from detectors.series import SeriesKey
from detectors.served_track import Change, ServedTrack
from watchkeeper.model_names import is_exact, parsed

_MOST_OPEN = 16


class _Run(NamedTuple):
    workload: SeriesKey
    name: str
    calls: int
    first: float
    last: float


class ServedModels:
    """Follows which model answers each workload of one requested model.

    Only answers count, and none that took over for a model that failed (``fallback_from``). One finding a pair of
    models, whatever the number of workloads; it closes when the old model is back, or after seven days.
    """

    def __init__(self, parent: SeriesKey) -> None:
        self._parent = parent
        self._tracks: Recent[ServedTrack] = Recent(ServedTrack)
        self._open: dict[str, Shared] = {}

    def feed(self, calls: GroupCalls, now: float) -> list[Regression]:
        """See :class:`~detectors.finding.FindingDetector`."""
        found = self.advance(now)
        for run in self._runs(calls):
            echo = self._is_echo(run.name)
            if change := self._tracks.touch(run.workload).seen(run.name, echo, run.calls, run.first, run.last):
                found += self._changed(run.workload, change, run.last)
        return found

    def advance(self, now: float) -> list[Regression]:
        """A change that stayed for seven days is the new normal."""
        found = []
        for key, shared in list(self._open.items()):
            accepted = shared.record.detected_at.timestamp() + ACCEPTED_S
            if now >= accepted:
                del self._open[key]
                found.append(closed(shared.record, accepted, "stayed so for 7 days: taken as the new normal"))
        return found

    def timeline(self) -> list[tuple[SeriesKey, str, int, float]]:
        """For people: (workload, model that answers, answers, since Unix seconds)."""
        return [(key, track.name, track.calls, track.since) for key, track in self._tracks.items()]

    def _runs(self, calls: GroupCalls) -> Iterator[_Run]:
        names, codes = calls.words("model")
        named = np.array([bool(name) for name in names], bool)
        keep = np.flatnonzero(calls.answered & named[codes] & ~_fallback(calls))
        keep = keep[np.argsort(calls.workload[keep], kind="stable")]
        if not len(keep):
            return
        both = calls.workload[keep] * len(names) + codes[keep]
        starts = np.flatnonzero(np.diff(both, prepend=-1))
        ends = np.append(starts[1:], len(keep))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            first, last = keep[start], keep[end - 1]
            workload = calls.workloads[calls.workload[first]]
            yield _Run(workload, names[codes[first]], end - start, float(calls.ts[first]), float(calls.ts[last]))

    def _is_echo(self, name: str) -> bool:
        return not is_exact(name) and parsed(name) == parsed(self._parent.request_model)

    def _changed(self, workload: SeriesKey, change: Change, at: float) -> list[Regression]:
        returned = self._returned(workload, change, at)
        key = _pair(change.before, change.after, change.mixed)
        if returned or len(self._open) >= _MOST_OPEN:
            return returned
        settled = self._settled(workload, change, at)
        if key in self._open:
            return settled + self._open[key].join(workload, at)
        self._open[key] = Shared(self._opened(change, at), workload)
        return [*settled, self._open[key].record]

    def _returned(self, workload: SeriesKey, change: Change, at: float) -> list[Regression]:
        """A change back to the model before closes the change, it is not another one."""
        key = _pair(change.after, change.before, False)
        if change.mixed or key not in self._open:
            return []
        done = self._open[key].leave(workload, at, f"{change.after} answers again")
        if done:
            del self._open[key]
        return done

    def _settled(self, workload: SeriesKey, change: Change, at: float) -> list[Regression]:
        """A fleet whose new model took over is mixed no more."""
        key = _pair(change.before, change.after, True)
        if change.mixed or key not in self._open:
            return []
        done = self._open[key].leave(workload, at, f"only {change.after} answers now")
        if done:
            del self._open[key]
        return done

    def _opened(self, change: Change, at: float) -> Regression:
        asked = self._parent.request_model
        told = f"{asked} is answered by both {change.before} and {change.after} since a day or longer"
        if not change.mixed:
            told = f"{asked} is answered by {change.after}, before by {change.before}"
        return opened(
            FindingKind.SERVED_MODEL_CHANGE,
            self._parent,
            at=at,
            onset=change.onset,
            onset_low=change.last_before,
            severity=Severity.PAGE if change.sure and not change.mixed else Severity.NOTICE,
            reason=told,
            confidence=0.99 if change.sure else 0.7,
            details={
                "what": "mixed_fleet" if change.mixed else "served_model",
                "before": change.before,
                "after": change.after,
                "calls": str(change.calls),
                "same_family": str(parsed(change.before).family == parsed(change.after).family).lower(),
            },
        )

    def accept(self, finding: str, at: float) -> bool:
        """See :class:`~detectors.finding.FindingDetector`."""
        pairs = [pair for pair, shared in self._open.items() if shared.record.id == finding]
        for pair in pairs:
            del self._open[pair]
        return bool(pairs)

    def state(self) -> Dict:
        """See :class:`~detectors.finding.FindingDetector`."""
        return {
            "tracks": self._tracks.state(lambda track: track.state()),
            "open": {key: shared.state() for key, shared in self._open.items()},
        }

    def restore(self, state: Dict) -> None:
        """See :class:`~detectors.finding.FindingDetector`."""
        self._tracks.restore(state["tracks"], ServedTrack.of)
        self._open = {key: Shared.of(shared) for key, shared in state["open"].items()}


def _pair(before: str, after: str, mixed: bool) -> str:
    return "\0".join((*parsed(before), *parsed(after), str(mixed)))


def _fallback(calls: GroupCalls) -> Bools:
    names, codes = calls.words("fallback_from")
    used = np.array([bool(name) for name in names], bool)
    return used[codes] if used.any() else np.zeros(len(calls), bool)
