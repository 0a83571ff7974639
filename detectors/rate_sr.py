"""RateSR: the e-detector for one stream of good and bad calls, as a river drift detector."""

import numpy as np
from river.base import BinaryDriftDetector

from detectors.alternatives import ODDS, rate_label
from detectors.block_test import BlockTest
from detectors.columns import Floats
from detectors.dispersion import Dispersion
from detectors.rate_evidence import Guard, RateBaseline, rate_baseline, rate_evidence


class RateSR(BinaryDriftDetector):
    """Tests blocks of calls against a known share ``p0`` of bad ones, or against one learned from the first ``learn``.

    ``patience`` is the mean number of calls to a false alarm that the detector is designed for. After an alarm
    ``drift_detected`` stays true for the call that raised it, and testing starts anew with the same baseline.
    """

    def __init__(
        self,
        patience: float = 1e6,
        p0: float | None = None,
        learn: int = 2_000,
        block: int = 50,
        cap: float | None = None,
        errors: float = 1.0,
        between: float = 2.0,
        tolerance: float = 0.0,
    ) -> None:
        super().__init__()
        self.patience = patience
        self.p0 = p0
        self.learn = learn
        self.block = block
        self.cap = cap
        self.errors = errors
        self.between = between
        self.tolerance = tolerance
        self._pending: list[bool] = []
        self._baseline: RateBaseline | None = None
        self._blocks = BlockTest(np.full(len(ODDS), 1 / len(ODDS)), block / patience, cap)
        self.hypothesis = ""
        if p0 is not None:
            share = np.array([p0])
            self._baseline = RateBaseline(share, share * (1 + tolerance), np.ones(1), np.inf, 1.0)

    @property
    def baseline(self) -> RateBaseline | None:
        """What was learned; None while learning."""
        return self._baseline

    @property
    def statistic(self) -> float:
        """An alarm at 1."""
        return self._blocks.level

    def update(self, x: bool) -> None:
        """One call; true: bad."""
        self._drift_detected = False
        self._pending.append(bool(x))
        if len(self._pending) >= (self.block if self._baseline else self.learn):
            bad, self._pending = np.array(self._pending, np.float64), []
            self._drift_detected = self._take(bad) is not None

    def update_many(self, bad: Floats) -> int | None:
        """As :meth:`update` for each, until the first alarm: its position, or None. The rest is not looked at."""
        self._drift_detected = False
        start = 0
        while start < len(bad):
            room = (self.block if self._baseline else self.learn) - len(self._pending)
            blocks = max(1, (len(bad) - start - room) // self.block + 1) if self._baseline else 1
            stop = start + room + (min(blocks, 2_000) - 1) * self.block
            if stop > len(bad):
                self._pending.extend(bad[start:].astype(bool).tolist())
                return None
            taken = np.append(np.array(self._pending, np.float64), bad[start:stop])
            waiting, self._pending = len(self._pending), []
            found = self._take(taken)
            if found is not None:
                self._drift_detected = True
                return start - waiting + found
            start = stop
        return None

    def _take(self, bad: Floats) -> int | None:
        if self._baseline is None:
            self._learn(bad)
            return None
        sums = bad.reshape(-1, self.block).sum(axis=1)[:, None]
        return self._test(self._baseline, rate_evidence(self._baseline, np.full_like(sums, self.block), sums))

    def _learn(self, bad: Floats) -> None:
        share = (bad.sum() + 0.5) / (len(bad) + 1)
        edges = np.arange(0, len(bad), self.block)
        calls = np.diff(np.append(edges, len(bad))).astype(np.float64)
        dispersion = Dispersion()
        dispersion.add(np.add.reduceat(bad, edges) - calls * share, calls * share * (1 - share))
        guard = Guard(self.tolerance, 0.0, self.errors, self.between)
        between = dispersion.between * share * (1 - share)
        self._baseline = rate_baseline(
            np.array([float(len(bad))]), np.array([bad.sum()]), dispersion.phi, between, guard
        )

    def _test(self, baseline: RateBaseline, evidence: Floats) -> int | None:
        found = self._blocks.first_alarm(evidence, baseline.phi)
        if found is None:
            return None
        self.hypothesis = rate_label(self._blocks.winner)
        return (found + 1) * self.block - 1
