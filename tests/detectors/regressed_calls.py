"""Calls of one model that fails more often from some moment on, as messages of one topic."""

import numpy as np
import pyarrow as pa

from tests.fixtures.store import call_rows

CALLS = 50
STEP_S = 20.0
SOUND = 300
"""Messages before the change."""
MESSAGES = 400


def regressed_calls(begin: float, messages: int = MESSAGES) -> list[tuple[pa.Table, float]]:
    """Each message's calls and the Unix second it is sent at: 1 % errors, and 25 % after the first ``SOUND``."""
    rng = np.random.default_rng(7)
    made = []
    for number in range(messages):
        at = begin + number * STEP_S
        share = 0.01 if number < SOUND else 0.25
        outcome = np.where(rng.random(CALLS) < share, "error", "ok").tolist()
        ts = pa.array(np.round((at + np.sort(rng.uniform(-15, -1, CALLS))) * 1e6).astype(np.int64))
        made.append((call_rows(CALLS, seed=number, outcome=outcome, ts=ts), at))
    return made
