"""When a baseline is learned, extended, accepted and forgotten: the schedule that rates and values share.

A metric is *learning* until 200 calls. Then its baseline is extended whenever as many quiet calls have come as it
holds, so that it is soon precise and a change has little time to be learned. After two weeks it is *accepted*: this
pinned baseline stays as it is, and a trailing one beside it takes in each quiet day and forgets by half in ten days.
"""

from dataclasses import dataclass

import numpy as np

from detectors.config import DAY_S
from detectors.rate_evidence import Guard

FEWEST_CALLS = 200
ACCEPT_AFTER_S = 14 * DAY_S
_HALF_LIFE_DAYS = 10.0
_WEEK_SEEN_S = 6 * DAY_S
"""Six days hold working days and a day of the weekend."""
_FLOOR = 0.002
"""A rate may always be worse by 0.2 percentage points."""


@dataclass(slots=True)
class Schedule:
    """When a metric's baseline was begun, extended and accepted; Unix seconds, 0 for never."""

    begun: float = 0.0
    extended: float = 0.0
    accepted: float = 0.0

    def due(self, known: float, fresh: float, now: float) -> bool:
        """Is it time to take ``fresh`` quiet calls into a baseline of ``known``?"""
        if not known:
            return fresh >= FEWEST_CALLS
        return fresh >= known or (fresh > 0 and now - self.extended >= DAY_S)

    def covered_s(self, now: float) -> float:
        """How long the baseline has been learned from."""
        return now - self.begun

    @staticmethod
    def keep(elapsed_s: float) -> float:
        """What share of an accepted baseline's trailing twin remains after ``elapsed_s``."""
        return float(0.5 ** (elapsed_s / DAY_S / _HALF_LIFE_DAYS))


def guard_for(tolerance: float, calls: float, covered_s: float, *, rate: bool) -> Guard:
    """How much worse than learned a baseline of ``calls`` calls over ``covered_s`` seconds is taken.

    Few calls: up to two standard errors. A baseline that has not seen a day yet cannot know the rhythm of the
    load: it allows more, a twentieth on values and a sixth on rates, and half of that until the week is seen (six
    days, one of the weekend among them).
    """
    unseen = 1.0 if covered_s < DAY_S else 0.5 if covered_s < _WEEK_SEEN_S else 0.0
    extra = unseen * (1 / 6 if rate else 0.05)
    errors = 1.0 + float(np.minimum(1.0, FEWEST_CALLS / max(1.0, calls)))
    return Guard((1 + tolerance) * (1 + extra) - 1, _FLOOR if rate else 0.0, errors)
