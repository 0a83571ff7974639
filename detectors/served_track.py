"""Which model answers one workload: the established one, and those that turn up beside or instead of it."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

from detectors.finding import DAY_S
from watchkeeper.model_names import is_exact, same_model

ESTABLISHED_CALLS = 10
"""Answers after which a workload's model is known; a change before that is a first sighting."""
_TAKEN_OVER_CALLS = 20
_FEW_CALLS = 5
_FEW_CALLS_S = 600.0
_SHORTEST_S = 60.0
_CHANCE = 7.0
"""A run of 7 / (share of the others) answers is chance in a mixed fleet with probability exp(-7) = 0.0009."""
_MIXED_CALLS = 50
_MIXED_S = DAY_S
_FORGOTTEN_S = 7 * DAY_S
_MOST_RIVALS = 4


class Change(NamedTuple):
    """``after`` answers where ``before`` did, since ``onset``.

    ``mixed``: both answer. Not ``sure``: ``before`` is only the name asked for, which may never have been told.
    """

    before: str
    after: str
    last_before: float
    onset: float
    calls: int
    mixed: bool
    sure: bool


@dataclass(slots=True)
class Rival:
    """Another model than the established one. Times in Unix seconds."""

    name: str
    first: float
    last: float = 0.0
    calls: int = 0
    others: int = 0
    """Answers of other models since ``first``."""
    run: int = 0
    """Answers since the last one of another model; they began at ``run_since``."""
    run_since: float = 0.0
    mixed: bool = False
    """The mixed fleet was told."""

    def seen(self, calls: int, first: float, last: float) -> None:
        """``calls`` answers in a row, from ``first`` to ``last``."""
        if not self.run:
            self.run_since = first
        self.run += calls
        self.calls += calls
        self.last = max(self.last, last)

    def missed(self, calls: int) -> None:
        """Another model gave ``calls`` answers."""
        self.run = 0
        self.others += calls

    @property
    def took_over(self) -> bool:
        """Does it answer everything now, and not by the luck of a mixed fleet?"""
        span = self.last - self.run_since
        enough = _TAKEN_OVER_CALLS if span < _FEW_CALLS_S else _FEW_CALLS
        if self.others:
            enough = max(_TAKEN_OVER_CALLS, int(_CHANCE * (self.others + self.calls) / self.others))
        return self.run >= enough and span >= _SHORTEST_S

    @property
    def shares_the_work(self) -> bool:
        """Have both answered for long?"""
        both = min(self.calls, self.others) >= max(_MIXED_CALLS, 0.05 * (self.calls + self.others))
        return both and self.last - self.first >= _MIXED_S


class ServedTrack:
    """The served models of one workload, from runs of answers in their order.

    An echo is an answer that carries the name asked for, without a version. It may be the truth or only what an
    instrumentation writes where the response names no model, so it never replaces a model that was named.
    """

    def __init__(self) -> None:
        self.name = ""
        self.echo = False
        self.calls = 0
        self.since = 0.0
        self.last = 0.0
        self.rivals: list[Rival] = []

    def seen(self, name: str, echo: bool, calls: int, first: float, last: float) -> Change | None:
        """``calls`` answers in a row by ``name``, from ``first`` to ``last``; a change, if they show one."""
        if not self.name:
            self._establish(name, 0, first, echo)
        if same_model(name, self.name):
            self._established_answered(name, calls, last)
            return None
        if echo:
            return None
        rival = self._rival(name, first)
        for other in self.rivals:
            if other is not rival:
                other.missed(calls)
        rival.seen(calls, first, last)
        return self._verdict(rival)

    def _established_answered(self, name: str, calls: int, last: float) -> None:
        if is_exact(name) and not is_exact(self.name):
            self.name, self.echo = name, False
        self.calls += calls
        self.last = max(self.last, last)
        for rival in self.rivals:
            rival.missed(calls)
        self.rivals = [r for r in self.rivals if self.last - r.last < _FORGOTTEN_S or r.mixed]

    def _rival(self, name: str, first: float) -> Rival:
        for rival in self.rivals:
            if same_model(rival.name, name):
                rival.name = name if is_exact(name) else rival.name
                return rival
        self.rivals = self.rivals[-_MOST_RIVALS + 1 :] + [Rival(name, first)]
        return self.rivals[-1]

    def _verdict(self, rival: Rival) -> Change | None:
        if self.echo and rival.others:
            # Named in some answers, echoed in others: two instrumentations, not two models.
            if rival.calls >= _TAKEN_OVER_CALLS:
                self._establish(rival.name, rival.calls, rival.first)
                self.last = rival.last
            return None
        if rival.took_over:
            return self._taken_over(rival)
        if rival.shares_the_work and not rival.mixed and rival.last - self.last < _MIXED_S:
            rival.mixed = True
            return Change(self.name, rival.name, rival.first, rival.first, rival.calls, True, True)
        return None

    def _taken_over(self, rival: Rival) -> Change | None:
        change = Change(self.name, rival.name, self.last, rival.run_since, rival.run, False, not self.echo)
        known = self.calls >= ESTABLISHED_CALLS
        self._establish(rival.name, rival.run, rival.run_since)
        self.last = rival.last
        return change if known else None

    def _establish(self, name: str, calls: int, since: float, echo: bool = False) -> None:
        self.name, self.calls, self.since, self.echo, self.rivals = name, calls, since, echo, []

    def state(self) -> dict[str, Any]:
        """As JSON knows it."""
        own = {"name": self.name, "echo": self.echo, "calls": self.calls, "since": self.since, "last": self.last}
        return {**own, "rivals": [asdict(rival) for rival in self.rivals]}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        """The inverse of :meth:`state`."""
        track = cls()
        track.name, track.echo, track.calls = state["name"], state["echo"], state["calls"]
        track.since, track.last = state["since"], state["last"]
        track.rivals = [Rival(**rival) for rival in state["rivals"]]
        return track
