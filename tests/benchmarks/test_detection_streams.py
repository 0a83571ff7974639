"""The streams have the laws that they are said to have, and equal seeds give equal streams."""

import numpy as np
import pytest

from benchmarks.detection import rates, values
from benchmarks.detection.catalogue import STREAMS
from benchmarks.detection.seeds import generator
from benchmarks.detection.streams import Stream, by_name
from detectors.columns import Floats
from detectors.metrics import Kind

CALLS = 1_000_000


def _drawn(name: str, calls: int = CALLS) -> Floats:
    return STREAMS[name].draw(generator(3, name), calls)


def _correlation(x: Floats, lag: int) -> float:
    centred = x - x.mean()
    return float((centred[lag:] * centred[:-lag]).mean() / centred.var())


@pytest.mark.parametrize("stream", STREAMS.values(), ids=lambda stream: stream.name)
def test_equal_seeds_give_equal_streams_and_others_differ(stream: Stream) -> None:
    first, again, other = (stream.draw(generator(seed, stream.name), 5_000) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("stream", STREAMS.values(), ids=lambda stream: stream.name)
def test_streams_hold_what_their_kind_holds(stream: Stream) -> None:
    calls = stream.draw(generator(1, stream.name), 20_000)
    assert calls.shape == (20_000,)
    assert set(np.unique(calls)) <= {0.0, 1.0} if stream.kind is Kind.RATE else calls.min() > 0


@pytest.mark.parametrize(("name", "rate"), [("failures 0.1%", 0.001), ("failures 1.0%", 0.01), ("failures 5.0%", 0.05)])
def test_independent_failures_have_their_rate_and_no_memory(name: str, rate: float) -> None:
    calls = _drawn(name)
    error = np.sqrt(rate * (1 - rate) / CALLS)
    assert abs(calls.mean() - rate) < 4 * error
    assert abs(_correlation(calls, 1)) < 4 / np.sqrt(CALLS)


@pytest.mark.parametrize(("factor", "name"), [(2, "x2"), (3, "x3"), (5, "x5")])
def test_a_change_multiplies_the_rate_from_its_call_on(factor: int, name: str) -> None:
    stream = rates.INDEPENDENT["failures 1.0%"]
    change = stream.change(name)
    runs = np.stack([stream.changed(generator(1, name, run), change) for run in range(60)])
    assert runs.shape[1] == stream.before + change.window
    assert runs[:, : stream.before].mean() == pytest.approx(0.01, rel=0.05)
    assert runs[:, stream.before :].mean() == pytest.approx(0.01 * factor, rel=0.05)


@pytest.mark.parametrize(
    ("name", "within", "length"), [("mild error bursts", 0.10, 20), ("strong error bursts", 0.50, 30)]
)
def test_bursts_have_their_rate_and_their_memory(name: str, within: float, length: int) -> None:
    calls = _drawn(name)
    share = length / (length + 1_000)
    mean = (1 - share) * 0.01 + share * within
    assert calls.mean() == pytest.approx(mean, rel=0.05)
    memory = 1 - 1 / length - 1 / 1_000
    expected = share * (1 - share) * (within - 0.01) ** 2 * memory / (mean * (1 - mean))
    assert _correlation(calls, 1) == pytest.approx(expected, abs=0.025)


def test_a_rate_creeps_up_in_a_straight_line() -> None:
    calls = rates.creeping(0.01, 0.03, 100_000)(
        generator(1, "creep"), rates.bernoulli(0.01)(generator(2, "c"), 200_000)
    )
    assert calls[:10_000].mean() == pytest.approx(0.011, abs=0.004)
    assert calls[45_000:55_000].mean() == pytest.approx(0.02, abs=0.006)
    assert calls[100_000:].mean() == pytest.approx(0.03, rel=0.05)


@pytest.mark.parametrize("spread", values.SPREADS)
def test_latencies_have_median_and_spread(spread: float) -> None:
    logs = np.log(_drawn(f"latency s={spread}"))
    assert np.exp(np.median(logs)) == pytest.approx(values.MEDIAN_S, rel=0.01)
    assert logs.std() == pytest.approx(spread, rel=0.01)
    assert abs(_correlation(logs, 1)) < 4 / np.sqrt(CALLS)


def test_ar1_latencies_forget_by_a_fixed_factor() -> None:
    logs = np.log(_drawn("AR(1) 0.6 latency"))
    assert logs.std() == pytest.approx(0.9, rel=0.02)
    assert [_correlation(logs, lag) for lag in (1, 2, 5)] == pytest.approx([0.6, 0.36, 0.6**5], abs=0.01)


@pytest.mark.parametrize(("wander", "calls"), [(0.10, 1_000), (0.20, 3_000)])
def test_load_wanders_by_its_spread_and_over_its_length(wander: float, calls: int) -> None:
    logs = np.log(values.wandering(0.0, wander, calls)(generator(1, "wander"), 20 * CALLS // 4))
    assert logs.std() == pytest.approx(wander, rel=0.1)
    assert _correlation(logs, calls) == pytest.approx(np.exp(-1), abs=0.1)


def test_a_slow_tail_leaves_the_median_where_it_was() -> None:
    stream = values.INDEPENDENT["latency s=0.9"]
    before = stream.draw(generator(1, "tail"), CALLS)
    after = values.TAIL.apply(generator(2, "tail"), before)
    assert np.median(after) == pytest.approx(np.median(before), rel=0.05)
    assert (after > 7.99 * before).mean() == pytest.approx(0.03, rel=0.05)


def test_cache_hits_make_two_humps() -> None:
    calls = _drawn("latency with cache hits")
    between = (calls > 0.75) & (calls < 0.8)
    assert (calls < 0.75).mean() == pytest.approx(0.33, abs=0.02)
    assert between.mean() < ((calls > 0.27) & (calls < 0.32)).mean() / 5


def test_output_tokens_are_whole_and_grow_by_the_change() -> None:
    stream = values.SHAPES["output tokens"]
    before = stream.draw(generator(1, "tokens"), CALLS)
    after = stream.change("+20%").apply(generator(2, "tokens"), before)
    assert np.array_equal(after, np.rint(after)) and after.min() >= 1
    assert after.mean() / before.mean() == pytest.approx(1.2, rel=0.01)


def test_two_streams_of_one_name_are_refused() -> None:
    stream = values.SHAPES["output tokens"]
    with pytest.raises(ValueError, match="one name"):
        by_name([stream, stream])


def test_a_missing_change_names_stream_and_change() -> None:
    with pytest.raises(KeyError, match=r"output tokens.*x3"):
        values.SHAPES["output tokens"].change("x3")
