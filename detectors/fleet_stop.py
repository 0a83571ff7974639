"""A stop of the whole fleet: calls of most models stop together, which is one cause and no model's own.

What carries the calls then stands still: the applications, the collector, the topic. One finding tells it; the stops
of the single models are told no more. An engine knows the models of its own partitions, so at scale-out each instance
tells it once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from detectors.finding import Dict, closed, dumped, instant, loaded, opened
from detectors.records import FindingKind, Regression, State
from detectors.series import ANY, SeriesKey

FLEET = SeriesKey(ANY, ANY, ANY, ANY, ANY)
_TOGETHER_S = 600.0
_EXPECTED = 3.0
"""Calls missing from a model before its silence counts: chance keeps so many away once in twenty times."""
_EXPECTED_IN_ALL = 5.0
"""The same of all other models together, where none of them calls any more."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A model that has not called since ``since``, Unix seconds, as it stood at a later moment."""

    since: float
    expected: float
    """Calls that its weakest weeks had in the time that is looked at."""
    told: bool
    """It is known to have stopped."""


Silences = Callable[[float, float], Iterable[Silence]]
"""What is known of every model between two moments, Unix seconds."""


class FleetStop:
    """Keeps back stops of single models that are part of one of the fleet.

    The fleet has stopped where a model stops and most of those that should have called since are silent as well. It is
    over when half of its models call again; one that still does not is told by itself after its own patience.
    """

    def __init__(self) -> None:
        self._record: Regression | None = None
        self._held: dict[str, Regression] = {}
        """Stops that were kept back, by their ids."""
        self._back = 0
        """Models of the stop that call again."""
        self._over = 0.0
        """When the latest stop of the fleet was over, Unix seconds."""

    def gather(self, told: list[Regression], silences: Silences, now: float) -> list[Regression]:
        """What is to be told of ``told`` by the engine's models, and of the fleet."""
        stops = [record for record in told if _is_stop(record)]
        if not stops and not self._held:
            return told
        found = [record for record in told if not _is_stop(record)]
        for record in sorted(stops, key=lambda one: (one.at, one.id)):
            found += self._taken(record, silences)
        return found + self._released(now)

    def _taken(self, record: Regression, silences: Silences) -> list[Regression]:
        if record.id in self._held:
            return self._ended(record) if record.state is State.CLOSED else []
        if record.state is State.CLOSED:
            return [record]
        if self._record is not None and self._belongs(record, self._record):
            self._held[record.id] = record
            return []
        models = self._silent_with(record, silences) if self._record is None else None
        if models is None:
            return [record]
        self._held[record.id], self._back = record, 0
        self._record = _opened(record, *models)
        return [self._record]

    @staticmethod
    def _belongs(record: Regression, fleet: Regression) -> bool:
        """Has a model been silent for most of the fleet's stop?"""
        begun = fleet.onset.timestamp()
        return begun - _TOGETHER_S <= record.onset.timestamp() <= (begun + record.at.timestamp()) / 2

    @staticmethod
    def _silent_with(record: Regression, silences: Silences) -> tuple[int, int] | None:
        """How many models are silent as ``record`` says of one, and how many call; None where it stopped by itself."""
        begun, at = record.onset.timestamp(), record.at.timestamp()
        middle, together = (begun + at) / 2, begun - max(_TOGETHER_S, at - begun)
        everyone = [one for one in silences(begun, at) if not (one.told and one.since < together)]
        calling = sum(one.since > middle for one in everyone)
        quiet = [one.expected for one in everyone if one.since <= middle]
        missed = sum(expected >= _EXPECTED for expected in quiet)
        # The model itself is among the quiet ones.
        if missed >= 2 and missed > calling:
            return missed, calling
        alone = not calling and sum(quiet) - max(quiet, default=0.0) >= _EXPECTED_IN_ALL
        return (len(quiet), 0) if alone else None

    def _ended(self, record: Regression) -> list[Regression]:
        """A model that was kept back calls again, or is taken for out of use."""
        del self._held[record.id]
        self._back += 1
        if self._record is None or self._back < len(self._held):
            return []
        done, self._record = closed(self._record, record.at.timestamp(), "calls come again"), None
        self._over = done.at.timestamp()
        return [done]

    def _released(self, now: float) -> list[Regression]:
        if self._record is not None:
            return []
        found = []
        for record in list(self._held.values()):
            patience = record.detected_at - record.onset
            if now >= self._over + patience.total_seconds():
                del self._held[record.id]
                reason = f"{record.reason}; other models call again since {instant(self._over):%Y-%m-%d %H:%M} UTC"
                found.append(record.model_copy(update={"at": instant(now), "reason": reason}))
        return found

    def state(self) -> Dict:
        """As JSON knows it."""
        held = [dumped(record) for record in self._held.values()]
        return {"record": dumped(self._record), "held": held, "back": self._back, "over": self._over}

    @classmethod
    def of(cls, state: Dict) -> "FleetStop":
        """The inverse of :meth:`state`."""
        stop = cls()
        stop._record, stop._back, stop._over = loaded(state["record"]), state["back"], state["over"]
        stop._held = {one["id"]: Regression.model_validate(one) for one in state["held"]}
        return stop


def _is_stop(record: Regression) -> bool:
    """Is it of a whole model?"""
    return record.kind is FindingKind.TRAFFIC_STOP and record.route == ANY


def _opened(record: Regression, silent: int, calling: int) -> Regression:
    of_all = f"any of {silent} models" if not calling else f"{silent} of {silent + calling} models"
    since, at = record.onset.timestamp(), record.at.timestamp()
    return opened(
        FindingKind.TRAFFIC_STOP,
        FLEET,
        at=at,
        onset=since,
        onset_low=since - _TOGETHER_S,
        severity=record.severity,
        reason=(
            f"no calls of {of_all} since {record.onset:%Y-%m-%d %H:%M} UTC: "
            "look at the applications, the collector and what carries the calls"
        ),
        direction="down",
        confidence=record.confidence,
        details={"what": "fleet", "models_silent": str(silent), "models_calling": str(calling)},
    )
