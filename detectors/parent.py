"""A model over all its routes: the evidence of its series, each against its own baseline, added up.

A new route or another mix of routes cannot look like a change here, since every call is compared with its own route's
past; what all routes share comes out earlier than in any of them. Blocks of the series are gathered into blocks of
their own, whose dispersion is learned as well: what wanders for all routes at once counts once.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from detectors.alarms import Blocks, Change
from detectors.alternatives import ALTERNATIVES
from detectors.batch import BASELINES, FEATURES
from detectors.blocks import CALLS, LONGEST_S, SHORTEST_S
from detectors.columns import Floats, Ints
from detectors.config import DAY_S
from detectors.dispersion import Dispersion
from detectors.metrics import RATES
from detectors.monitor import METRIC_COUNT, Monitor

_DISPERSION_KEPT = 0.5
"""Of what blocks were known to differ by, whenever newer ones are taken in.

Series start with rough baselines, and blocks judged by those differ more than blocks do later.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """Closed blocks of one series and the weights of its alternatives."""

    blocks: Blocks
    weights: Floats
    """[2, M, K]"""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """``T`` blocks of series in the order of their ends; evidence as of independent calls."""

    ends: Floats
    evidence: Floats
    """[2, T, M, K]"""
    features: Floats
    """[2, T, M, FEATURES]"""
    calls: Floats
    """[2, T, M]"""
    s: Floats
    """[T, M]"""
    v: Floats
    """[T, M]"""

    @classmethod
    def none(cls, metrics: int = METRIC_COUNT) -> Self:
        """No blocks."""
        of_metric = (BASELINES, 0, metrics)
        return cls(
            np.zeros(0),
            np.zeros((*of_metric, ALTERNATIVES)),
            np.zeros((*of_metric, FEATURES)),
            np.zeros(of_metric),
            np.zeros(of_metric[1:]),
            np.zeros(of_metric[1:]),
        )

    @classmethod
    def of(cls, one: Contribution) -> Self:
        """The blocks of one series. The parent has a dispersion of its own, so the series' is taken out."""
        blocks, able = one.blocks, np.asarray(one.weights > 0)
        evidence = np.where(np.expand_dims(able, 1), blocks.evidence * blocks.phi[None, :, :, None], 0.0)
        calls = blocks.calls * np.expand_dims(able.any(axis=2), 1)
        return cls(np.array(blocks.ends), evidence, blocks.features, calls, blocks.s, blocks.v)

    def joined(self, others: list["Pieces"]) -> "Pieces":
        """These and ``others``, in the order of their ends."""
        parts = [self, *others]
        ends = np.concatenate([part.ends for part in parts])
        order = np.argsort(ends, kind="stable")
        wide = [
            np.concatenate([getattr(p, n) for p in parts], axis=1)[:, order] for n in ("evidence", "features", "calls")
        ]
        flat = [np.concatenate([getattr(p, n) for p in parts])[order] for n in ("s", "v")]
        return Pieces(ends[order], wide[0], wide[1], wide[2], flat[0], flat[1])

    def cut(self) -> Ints:
        """First block after each gathered block: enough calls and time, as for the blocks of a series."""
        cuts: list[int] = []
        start, calls = 0, 0.0
        sizes = self.calls.max(axis=(0, 2)).tolist()
        for t, end in enumerate(self.ends.tolist()):
            calls += sizes[t]
            age = end - self.ends[start]
            if age >= LONGEST_S or (calls >= CALLS and age >= SHORTEST_S):
                cuts.append(t + 1)
                start, calls = t + 1, 0.0
        return np.array(cuts, np.int64)

    def gathered(self, cuts: Ints) -> "Pieces":
        """Sums over the blocks up to each of ``cuts``."""
        starts = np.append(0, cuts[:-1])
        stop = int(cuts[-1])
        wide = [np.add.reduceat(getattr(self, n)[:, :stop], starts, axis=1) for n in ("evidence", "features", "calls")]
        flat = [np.add.reduceat(getattr(self, n)[:stop], starts, axis=0) for n in ("s", "v")]
        return Pieces(self.ends[cuts - 1], wide[0], wide[1], wide[2], flat[0], flat[1])

    def after(self, stop: int) -> "Pieces":
        """The blocks from ``stop`` on."""
        wide = [getattr(self, n)[:, stop:] for n in ("evidence", "features", "calls")]
        return Pieces(self.ends[stop:], wide[0], wide[1], wide[2], self.s[stop:], self.v[stop:])


@dataclass(slots=True)
class Parent:
    """The monitor of a model over all routes; it rests while the model has a single series."""

    monitor: Monitor
    pending: Pieces = field(default_factory=Pieces.none)
    """Blocks of series that make no block of the parent yet."""
    weights: Floats = field(default_factory=lambda: np.zeros((BASELINES, METRIC_COUNT, ALTERNATIVES)))
    """Largest weight that a series gave each alternative of late."""
    learned: list[Dispersion] = field(default_factory=lambda: [Dispersion() for _ in range(METRIC_COUNT)])
    fresh: list[Dispersion] = field(default_factory=lambda: [Dispersion() for _ in range(METRIC_COUNT)])
    extended: float = 0.0

    @classmethod
    def start(cls, monitor: Monitor) -> Self:
        """The parent whose metrics are those of ``monitor``."""
        metrics = len(monitor.last)
        learned, fresh = ([Dispersion() for _ in range(metrics)] for _ in range(2))
        return cls(monitor, Pieces.none(metrics), np.zeros((BASELINES, metrics, ALTERNATIVES)), learned, fresh)

    def feed(self, contributions: list[Contribution]) -> list[Change]:
        """Take the blocks that closed in the series of the model."""
        found = [one for one in contributions if one.blocks.ends]
        if not found:
            return []
        pieces = self.pending.joined([Pieces.of(one) for one in found])
        self.weights = np.maximum(self.weights, np.max([one.weights for one in found], axis=0))
        cuts = pieces.cut()
        if not len(cuts):
            self.pending = pieces
            return []
        self.pending = pieces.after(int(cuts[-1]))
        changes = self._judge(pieces.gathered(cuts))
        self.weights = np.max([one.weights for one in found], axis=0)
        return changes

    def _judge(self, pieces: Pieces) -> list[Change]:
        phi = np.array([dispersion.phi for dispersion in self.learned])
        blocks = Blocks(
            pieces.ends.tolist(),
            pieces.evidence / phi[None, None, :, None],
            pieces.features,
            pieces.calls,
            pieces.s,
            pieces.v,
            np.tile(phi, (len(pieces.ends), 1)),
        )
        total = self.weights.sum(axis=(0, 2), keepdims=True)
        scaled = np.divide(self.weights, total, out=np.zeros_like(self.weights), where=total > 0)
        changes = self.monitor.feed(blocks, scaled)
        self._learn(pieces)
        return changes

    def _learn(self, pieces: Pieces) -> None:
        end = float(pieces.ends[-1])
        for metric, dispersion in enumerate(self.fresh):
            if metric in self.monitor.open:
                self.fresh[metric] = Dispersion()
                continue
            dispersion.add(pieces.s[:, metric], pieces.v[:, metric])
            known = self.learned[metric].blocks
            due = dispersion.blocks >= max(4.0, known) or (dispersion.blocks and end - self.extended >= DAY_S)
            if due and self.monitor.quiet(metric):
                self.learned[metric].decay(_DISPERSION_KEPT)
                self.learned[metric].merge(dispersion)
                self.fresh[metric] = Dispersion()
        if end - self.extended >= DAY_S:
            self.extended = end

    def snapshot(self) -> dict[str, Any]:
        """For :meth:`restore`."""
        return {
            "monitor": self.monitor.snapshot(),
            "pending": [getattr(self.pending, name) for name in Pieces.__slots__],
            "weights": self.weights,
            "learned": [dispersion.state() for dispersion in self.learned],
            "fresh": [dispersion.state() for dispersion in self.fresh],
            "extended": self.extended,
        }

    @classmethod
    def restore(cls, patience_s: float, state: dict[str, Any], rates: int = len(RATES)) -> Self:
        """From :meth:`snapshot`."""
        empty = Pieces.none(len(state["learned"]))
        arrays = [
            np.array(kept, np.float64).reshape(_shape(getattr(empty, name), len(state["pending"][0])))
            for name, kept in zip(Pieces.__slots__, state["pending"], strict=True)
        ]
        return cls(
            Monitor.restore(patience_s, state["monitor"], rates),
            Pieces(*arrays),
            np.array(state["weights"], np.float64),
            [Dispersion.restore(one) for one in state["learned"]],
            [Dispersion.restore(one) for one in state["fresh"]],
            float(state["extended"]),
        )


def _shape(empty: Floats, count: int) -> tuple[int, ...]:
    """The shape of an array of ``count`` blocks."""
    return tuple(count if size == 0 else size for size in empty.shape)
