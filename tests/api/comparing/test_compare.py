"""Two cohorts judged over all metrics."""

import numpy as np
import pyarrow as pa
import pytest

from api.comparing.compare import Compared, compare
from api.comparing.verdict import Verdict
from tests.api.comparing.made_cells import METRICS, Law, drawn


def _compared(baseline: Law, candidate: Law, n: int, seed: int = 1) -> Compared:
    random = np.random.default_rng(seed)
    return compare(drawn(baseline, n, random).first(n), drawn(candidate, n, random).first(n), METRICS)


@pytest.mark.parametrize(
    ("metric", "law", "effect"),
    [
        ("latency", Law(slower=0.3), 0.3),
        ("error", Law(errors=4.0), 3 * 0.015),
        ("cost_per_useful_call", Law(dearer=0.3), 0.3),
    ],
)
def test_a_candidate_that_is_worse_is_found_with_its_size(metric: str, law: Law, effect: float) -> None:
    found = _compared(Law(), law, 8_000)
    judged = found.metrics[metric]
    assert (found.verdict, judged.verdict) == (Verdict.WORSE, Verdict.WORSE)
    assert judged.low < effect < judged.high
    assert judged.effect.estimate == pytest.approx(effect, rel=0.3)


def test_a_faster_candidate_is_better() -> None:
    found = _compared(Law(), Law(slower=-0.3), 20_000)
    assert found.metrics["latency"].verdict is Verdict.BETTER
    assert found.metrics["latency"].calls_needed is None


def test_equal_models_are_not_worse_once_there_are_enough_calls() -> None:
    found = _compared(Law(), Law(), 60_000)
    assert {one.verdict for one in found.metrics.values()} == {Verdict.NOT_WORSE}
    assert found.verdict is Verdict.NOT_WORSE


def test_few_calls_cannot_tell_and_say_how_many_more_it_takes() -> None:
    found = _compared(Law(), Law(), 2_000)
    error = found.metrics["error"]
    assert (found.verdict, error.verdict) == (Verdict.CANNOT_TELL, Verdict.CANNOT_TELL)
    assert error.calls_needed is not None
    assert error.calls_needed > 2_000
    enough = _compared(Law(), Law(), 4 * error.calls_needed)
    assert enough.metrics["error"].verdict is not Verdict.CANNOT_TELL


def test_another_mix_of_routes_and_prompts_is_not_another_model() -> None:
    mixed = Law(routes=(0.2, 0.3, 0.5), longer=0.4)
    found = _compared(Law(), mixed, 30_000)
    assert {Verdict.WORSE, Verdict.BETTER}.isdisjoint(one.verdict for one in found.metrics.values())
    latency = found.metrics["latency"].effect
    assert latency.estimate == pytest.approx(0.0, abs=0.03)


def test_cohorts_without_like_calls_cannot_be_compared() -> None:
    found = _compared(Law(routes=(1.0, 0.0, 0.0)), Law(routes=(0.0, 0.0, 1.0)), 5_000)
    assert found.verdict is Verdict.CANNOT_TELL
    assert "comparable calls" in found.metrics["latency"].reason


def test_few_like_calls_among_many_are_no_comparison() -> None:
    found = _compared(Law(routes=(0.9, 0.1, 0.0)), Law(routes=(0.0, 0.1, 0.9)), 20_000)
    assert "have like calls" in found.metrics["latency"].reason


def test_a_metric_without_data_is_left_out_and_the_level_shared_among_the_others() -> None:
    random = np.random.default_rng(2)
    cells = drawn(Law(), 500, random).first(500)
    silent = cells.set_column(cells.schema.get_field_index("n_error"), "n_error", pa.array(np.zeros(cells.num_rows)))
    found = compare(silent, silent, ("error", "latency"))
    assert (set(found.metrics), found.level) == ({"latency"}, 0.05)


def test_calls_that_depend_on_each_other_widen_the_interval() -> None:
    random = np.random.default_rng(3)
    calls = drawn(Law(), 10_000, random)
    wander = np.repeat(0.3 * random.standard_normal(100), 100)
    plain = compare(calls.first(10_000), calls.first(10_000), ("latency",)).metrics["latency"]
    calls.latency[:] += wander
    wild = compare(calls.first(10_000), calls.first(10_000), ("latency",)).metrics["latency"]
    assert plain.effect.dispersion < 1.5
    assert wild.effect.dispersion > 5
    assert wild.high - wild.low > 1.5 * (plain.high - plain.low)


def test_looking_often_does_not_make_equal_models_differ() -> None:
    """60 pairs, 20 looks each: at most 5 % may ever be called different; a plain test at each look would a third."""
    wrong = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        one, other = drawn(Law(), 2_000, random), drawn(Law(), 2_000, random)
        looks = (compare(one.first(n), other.first(n), METRICS) for n in range(100, 2_001, 100))
        judged = {metric.verdict for look in looks for metric in look.metrics.values()}
        wrong += bool(judged & {Verdict.WORSE, Verdict.BETTER})
    assert wrong <= 5
