"""What the docs claim of scores, in small: hardly a false alarm, and a fall found within some hundred of them."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from detectors.config import DetectorConfig
from detectors.records import State
from detectors.score_metrics import score_settings
from detectors.series import SeriesKey
from detectors.series_calls import SeriesCalls
from detectors.series_watch import SeriesWatch
from tests.detectors.made_scores import stars, thumbs

Floats = npt.NDArray[np.float64]
Law = Callable[[np.random.Generator, int, bool], Floats]
APART_S = 72.0
"""Fifty scores an hour."""
PATIENCE_S = 1e6 * APART_S
"""One false alarm a million scores."""
_BEFORE, _AFTER = (0.04, 0.03, 0.08, 0.25, 0.6), (0.12, 0.08, 0.12, 0.23, 0.45)
LAWS: dict[str, Law] = {
    "thumbs": lambda rng, count, fallen: thumbs(rng, count, 0.75 if fallen else 0.9),
    "stars": lambda rng, count, fallen: stars(rng, count, _AFTER if fallen else _BEFORE),
    "uniform": lambda rng, count, fallen: rng.random(count) * (0.75 if fallen else 1.0),
    "judge": lambda rng, count, fallen: rng.beta(8, 2, count) - (0.1 if fallen else 0.0),
}


def alarms(rng: np.random.Generator, scores: Floats) -> list[int]:
    """After how many scores there was an alarm."""
    count, config = len(scores), DetectorConfig()
    key = SeriesKey("shop", "answer", "openai", "gpt-x", "gpt-x")
    watch = SeriesWatch.of(key, (score_settings(config, key, "x"),), PATIENCE_S, config)
    ts = 1.78e9 + np.cumsum(rng.exponential(APART_S, count))
    prompt = np.floor(np.log2(rng.lognormal(6.0, 1.0, count) + 1)).astype(np.int64)
    found: list[int] = []
    for first in range(0, count, 500):
        part = slice(first, first + 500)
        none = np.zeros((len(ts[part]), 0), np.bool_)
        calls = SeriesCalls(ts[part], none, none, scores[part, None], prompt[part], np.zeros_like(prompt[part]))
        changes = watch.feed(calls)[1]
        found += [int(np.searchsorted(ts, c.at)) for c in changes if c.state is State.OPEN and c.alarm.at == c.at]
    return found


@pytest.mark.parametrize("law", LAWS)
def test_while_nothing_changes_there_is_no_alarm(law: str) -> None:
    rng = np.random.default_rng(21)
    assert alarms(rng, LAWS[law](rng, 60_000, False)) == []


@pytest.mark.parametrize(("law", "most"), [("thumbs", 450), ("stars", 450), ("uniform", 550), ("judge", 180)])
def test_a_fall_is_found_soon(law: str, most: int) -> None:
    delays = []
    for seed in range(7):
        rng = np.random.default_rng([22, seed])
        found = alarms(rng, np.append(LAWS[law](rng, 2_000, False), LAWS[law](rng, 2_500, True)))
        assert found and found[0] >= 2_000
        delays.append(found[0] - 2_000)
    assert np.median(delays) <= most
