"""Parents: the evidence of series adds up, in blocks of their own, and a snapshot goes on bit for bit."""

import numpy as np
import pytest

from detectors.alarms import Blocks, Change
from detectors.blocks import CALLS, LONGEST_S, SHORTEST_S
from detectors.columns import Floats
from detectors.config import DAY_S
from detectors.monitor import Monitor
from detectors.parent import Contribution, Parent, Pieces
from detectors.records import State
from tests.detectors.made_blocks import ERROR, WEIGHTS, errors, stored
from tests.detectors.simulated import START

PATIENCE_S = 30 * DAY_S
STORY = [1.0] * 120 + [3.0] * 60
"""Bad calls in blocks of 50: nothing for two hours, then three times as many."""
CHANGED = START + 120 * 60


def at(ends: list[float], blocks: Blocks) -> Contribution:
    """The same blocks, ended then."""
    blocks.ends[:] = ends
    return Contribution(blocks, WEIGHTS)


def series(bad: list[float], begin: int, late_s: float) -> Contribution:
    blocks = errors(bad, begin)
    return at([end + late_s for end in blocks.ends], blocks)


def fed(parent: Parent, routes: int, begin: int = 0, end: int = len(STORY)) -> list[Change]:
    """Minute by minute, a block of each route."""
    changes: list[Change] = []
    for minute in range(begin, end):
        changes += parent.feed([series([STORY[minute]], minute, 15.0 * route) for route in range(routes)])
    return changes


def small(ends: list[float], calls: float) -> Pieces:
    """Blocks of a route with few calls each."""
    return Pieces.of(at(ends, errors([0.0] * len(ends), 0, calls)))


def test_what_two_series_share_comes_out_sooner_than_in_either() -> None:
    alone = Monitor(PATIENCE_S).feed(errors(STORY), WEIGHTS)[0]
    both = fed(Parent(Monitor(PATIENCE_S)), 2)[0]
    assert both.state is alone.state is State.OPEN
    assert CHANGED < both.at < alone.at - 180
    assert both.alarm.onset == pytest.approx(CHANGED, abs=600)
    calls, bad, expected = both.alarm.features[:3]
    assert bad / expected == pytest.approx(3.0, rel=0.2) and calls > 2 * CALLS * (both.at - CHANGED) / 60 * 0.7


def test_evidence_is_summed_as_of_independent_calls_and_a_learning_series_has_no_say() -> None:
    one, other, learning = errors([4.0]), errors([2.0]), errors([9.0])
    wanted: Floats = one.evidence[0, 0, ERROR] + other.evidence[0, 0, ERROR]
    one.phi[:] = 2.0
    one.evidence[:] /= 2.0
    pieces = Pieces.none().joined(
        [
            Pieces.of(at([START + 30], other)),
            Pieces.of(at([START], one)),
            Pieces.of(Contribution(learning, np.zeros_like(WEIGHTS))),
        ]
    )
    assert pieces.ends.tolist() == [START, START + 30, START + 60]
    whole = pieces.gathered(np.array([3]))
    assert whole.evidence[0, 0, ERROR] == pytest.approx(wanted)
    assert whole.calls[0, 0, ERROR] == 2 * CALLS and whole.ends.tolist() == [START + 60]


@pytest.mark.parametrize(
    ("seconds", "calls", "cuts"),
    [
        ([0, 5, SHORTEST_S, 11, 12], 20, [3]),
        ([0, SHORTEST_S, 20, 25, 31], 20, [3]),
        ([0, SHORTEST_S, 11, 30], 50, [2, 4]),
        ([0, LONGEST_S - 1, LONGEST_S, LONGEST_S + 1], 1, [3]),
        ([0, 100, 300], 1, []),
    ],
)
def test_a_block_needs_fifty_calls_and_ten_seconds_or_ten_minutes(
    seconds: list[float], calls: float, cuts: list[int]
) -> None:
    assert small([START + s for s in seconds], calls).cut().tolist() == cuts


def test_nothing_is_lost_between_blocks() -> None:
    rng, parent = np.random.default_rng(4), Parent(Monitor(PATIENCE_S))
    pieces = small((START + np.cumsum(rng.exponential(8, 200))).tolist(), 9.0)
    cuts = pieces.cut()
    whole, rest = pieces.gathered(cuts), pieces.after(int(cuts[-1]))
    assert len(cuts) > 20 and len(rest.ends) > 0 and (pieces.ends[cuts - 1] == whole.ends).all()
    for name in ("evidence", "features", "calls"):
        total = getattr(whole, name).sum(axis=1) + getattr(rest, name).sum(axis=1)
        assert total == pytest.approx(getattr(pieces, name).sum(axis=1))
    assert parent.feed([]) == [] and parent.feed([series([1.0], 0, 0.0)]) == []
    assert len(parent.pending.ends) == 1 and not parent.monitor.last.any()


@pytest.mark.parametrize(("minute", "pending"), [(0, 0), (61, 1), (132, 0), (133, 1)])
def test_a_restored_parent_goes_on_bit_for_bit(minute: int, pending: int) -> None:
    whole, before = Parent(Monitor(PATIENCE_S)), Parent(Monitor(PATIENCE_S))
    changes, found = fed(whole, 3), fed(before, 3, 0, minute)
    after = Parent.restore(PATIENCE_S, stored(before.snapshot()))
    assert [len(before.pending.ends), len(changes)] == [pending, 1]
    assert found + fed(after, 3, minute) == changes
    assert stored(after.snapshot()) == stored(whole.snapshot())
