"""What the services need of an engine: processing units in order, and its state as bytes."""

from collections.abc import Mapping
from typing import Protocol

import pyarrow as pa

from detectors.actions import Action
from detectors.records import Regression


class Counts(Protocol):
    """What an engine has counted since its state began."""

    @property
    def calls(self) -> int: ...
    @property
    def late(self) -> int:
        """Calls too old to be used."""
        ...

    @property
    def future(self) -> int:
        """Calls whose clocks are ahead."""
        ...

    @property
    def evicted(self) -> int:
        """Series that were given up for others."""
        ...

    @property
    def series_by_state(self) -> Mapping[str, int]: ...
    @property
    def scores(self) -> Mapping[str, int]:
        """Scores by what became of them (:class:`detectors.score_group.ScoreFate`)."""
        ...


class DetectorEngine(Protocol):
    """Deterministic: its results depend on the sequence of units and ticks alone."""

    def process(self, calls: pa.Table, received_at: float) -> list[Regression]:
        """The new transitions that one unit of calls brings; ``received_at`` in Unix seconds."""
        ...

    def advance(self, now: float) -> list[Regression]:
        """The new transitions that the time brings, where no unit came until ``now`` (Unix seconds)."""
        ...

    def process_scores(self, scores: pa.Table) -> list[Regression]:
        """The new transitions that scores bring; those of models that this engine does not know are another's."""
        ...

    def act(self, action: Action) -> list[Regression]:
        """The new transitions that somebody's word brings; none where it is about nothing that this engine knows."""
        ...

    def snapshot(self) -> bytes:
        """Everything, for :meth:`Engines.restore`."""
        ...

    def counts(self) -> Counts: ...


class Engines(Protocol):
    """Makes engines, all with the same settings."""

    @property
    def version(self) -> str:
        """Of the snapshots: one of another version is not restored, what it knew is learnt anew."""
        ...

    def begin(self) -> DetectorEngine:
        """An engine that knows nothing."""
        ...

    def restore(self, snapshot: bytes) -> DetectorEngine:
        """An engine that goes on exactly where the one with this snapshot was."""
        ...
