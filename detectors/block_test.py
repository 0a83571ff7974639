"""One stream's blocks through the mixture statistic: what both river detectors of ours do with their evidence."""

from dataclasses import dataclass, field

import numpy as np

from detectors.columns import Floats
from detectors.shiryaev_roberts import ALARM, HOT, MOST_BLOCKS, Run, ShiryaevRoberts, caps, streaks_of


@dataclass(slots=True)
class BlockTest:
    """Tests blocks of equal size until the first alarm, after which it starts anew."""

    weight: Floats
    """[K] of the alternatives."""
    arrival: float
    """Calls of a block over patience."""
    cap: float | None = None
    """Most evidence of a block in nats; None: the rule of :func:`.shiryaev_roberts.caps`."""
    winner: int = 0
    """The alternative that raised the latest alarm."""
    _statistics: ShiryaevRoberts = field(init=False)
    _streak: Floats = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        self._statistics = ShiryaevRoberts.start(1, 1, len(self.weight), 1)

    @property
    def level(self) -> float:
        """An alarm at 1."""
        return float((self.weight * self._statistics.statistic[0, 0]).sum())

    def first_alarm(self, evidence: Floats, phi: float) -> int | None:
        """Position of the first of blocks with ``evidence`` [B, K] that raises an alarm; the rest is not looked at."""
        for begin in range(0, len(evidence), MOST_BLOCKS):
            part = evidence[begin : begin + MOST_BLOCKS]
            hot = part.max(axis=1)[:, None] >= HOT
            streaks = streaks_of(self._streak, hot, np.ones_like(hot))
            cap = caps(streaks[:-1], np.array(phi)) if self.cap is None else np.full_like(streaks[:-1], self.cap)
            if self._statistics.run(self._as_run(part, cap)) is None:
                for position, row in enumerate(part):
                    if self._step(row, cap[position : position + 1, :, None]):
                        self._streak = np.zeros(1)
                        return begin + position
            self._streak = streaks[-1]
        return None

    def _as_run(self, evidence: Floats, cap: Floats) -> Run:
        count = len(evidence)
        return Run(
            evidence[None, :, None],
            self.weight[None, None],
            np.ones((count, 1), np.bool_),
            np.full((count, 1), self.arrival),
            np.zeros((count, 1)),
            np.zeros((1, count, 1, 1)),
            cap,
        )

    def _step(self, evidence: Floats, cap: Floats) -> bool:
        arrival, nothing = np.array([self.arrival]), np.zeros((1, 1, 1))
        level = self._statistics.step(evidence[None, None], self.weight[None, None], arrival, 0.0, nothing, cap)
        if level[0, 0] < ALARM:
            return False
        self.winner = int(np.argmax(self.weight * self._statistics.statistic[0, 0]))
        self._statistics.reset(0, 0.0)
        return True
