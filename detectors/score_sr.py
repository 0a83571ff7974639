"""ScoreSR: the e-detector for one stream of positive values (latency, tokens, cost), as a river drift detector."""

import numpy as np
from river.base import DriftDetector

from detectors.alternatives import ALTERNATIVES, value_label, value_weights
from detectors.block_test import BlockTest
from detectors.columns import Floats
from detectors.metrics import Direction
from detectors.rate_evidence import Guard
from detectors.value_baseline import ValueSums, locations, rebin, value_baseline
from detectors.value_evidence import ValueBaseline, block_features, value_evidence

_COORDINATES = np.zeros((1, 2))


class ScoreSR(DriftDetector):
    """Learns a baseline from the first ``learn`` values, then tests blocks of values against it.

    ``patience`` is the mean number of values to a false alarm that the detector is designed for. After an alarm
    ``drift_detected`` stays true for the value that raised it, and testing starts anew with the same baseline.
    """

    def __init__(
        self,
        patience: float = 1e6,
        learn: int = 2_000,
        block: int = 50,
        direction: str = "up",
        errors: float = 1.0,
        between: float = 2.0,
        tolerance: float = 0.0,
        cap: float | None = None,
    ) -> None:
        super().__init__()
        self.patience = patience
        self.learn = learn
        self.block = block
        self.direction = direction
        self.errors = errors
        self.between = between
        self.tolerance = tolerance
        self.cap = cap
        self._pending: list[float] = []
        self._tested = 0
        self._baseline: ValueBaseline | None = None
        self._blocks = BlockTest(np.zeros(ALTERNATIVES), block / patience, cap)
        self.hypothesis = ""

    @property
    def baseline(self) -> ValueBaseline | None:
        """What was learned; None while learning."""
        return self._baseline

    @property
    def statistic(self) -> float:
        """An alarm at 1."""
        return self._blocks.level

    def update(self, x: int | float) -> None:
        """One value, positive, in any unit."""
        self._drift_detected = False
        self._pending.append(float(x))
        if len(self._pending) >= (self.block if self._baseline else self.learn):
            values, self._pending = np.array(self._pending), []
            self._drift_detected = self._take(values) is not None

    def update_many(self, values: Floats) -> int | None:
        """As :meth:`update` for each, until the first alarm: its position, or None. The rest is not looked at."""
        self._drift_detected = False
        start = 0
        while start < len(values):
            room = (self.block if self._baseline else self.learn) - len(self._pending)
            blocks = max(1, (len(values) - start - room) // self.block) if self._baseline else 0
            stop = start + room + (min(blocks, 2_000) - 1) * self.block if blocks else start + room
            if stop > len(values):
                self._pending.extend(values[start:].tolist())
                return None
            taken = np.append(self._pending, values[start:stop])
            found = self._take(taken)
            if found is not None:
                self._drift_detected = True
                position = start - len(self._pending) + found
                self._pending = []
                return position
            self._pending = []
            start = stop
        return None

    def _take(self, values: Floats) -> int | None:
        logs = np.log(np.maximum(values, 1e-12))
        if self._baseline is None:
            self._learn(logs)
            return None
        count = len(logs) // self.block
        place = np.arange(len(logs))
        numbers = self._tested + place
        stratum = np.zeros(len(logs), np.int64)
        features, _ = block_features(self._baseline, logs, stratum, place // self.block, count, numbers)
        found = self._test(self._baseline, value_evidence(self._baseline, features))
        self._tested += len(logs) if found is None else found + 1
        return found

    def _learn(self, logs: Floats) -> None:
        stratum = np.zeros(len(logs), np.int64)
        sums = ValueSums()
        sums.add(logs, stratum, 1)
        sums.bins = rebin(logs, stratum, *locations(sums, _COORDINATES))
        first = value_baseline(sums, _COORDINATES, Guard())
        count = -(-len(logs) // self.block)
        block = np.arange(len(logs)) // self.block
        features, scores = block_features(first, logs, stratum, block, count)
        sums.dispersion.add(scores, features[:, 0])
        self._baseline = value_baseline(sums, _COORDINATES, Guard(self.tolerance, 0.0, self.errors, self.between))
        self._blocks.weight = value_weights(Direction(self.direction), self._baseline.resolved)

    def _test(self, baseline: ValueBaseline, evidence: Floats) -> int | None:
        found = self._blocks.first_alarm(evidence, baseline.phi)
        if found is None:
            return None
        self.hypothesis = value_label(self._blocks.winner)
        return (found + 1) * self.block - 1
