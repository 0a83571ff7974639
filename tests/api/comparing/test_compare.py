"""Two cohorts judged over all metrics."""

import numpy as np
import pyarrow as pa
import pytest

from api.comparing.compare import MARGINS, Compared, Margin, compare
from api.comparing.verdict import Judged, Verdict
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
    found = _compared(Law(), Law(), 700)
    latency = found.metrics["latency"]
    assert (found.verdict, latency.verdict) == (Verdict.CANNOT_TELL, Verdict.CANNOT_TELL)
    assert latency.calls_needed is not None
    assert 700 < latency.calls_needed < 10_000
    enough = _compared(Law(), Law(), 3 * latency.calls_needed)
    assert enough.metrics["latency"].verdict is Verdict.NOT_WORSE


def test_calls_of_less_than_an_hour_cannot_tell() -> None:
    latency = _compared(Law(), Law(slower=1.0), 500).metrics["latency"]
    assert (latency.verdict, latency.low > 0) == (Verdict.CANNOT_TELL, True)
    assert "5 blocks of time" in latency.reason


def test_surely_worse_but_by_less_than_the_margin_is_not_yet_worse() -> None:
    margins = {**MARGINS, "latency": Margin(0.2)}
    random = np.random.default_rng(5)
    tables = [drawn(law, 8_000, random).first(8_000) for law in (Law(), Law(slower=0.15))]
    latency = compare(tables[0], tables[1], ("latency",), margins).metrics["latency"]
    assert 0 < latency.low < latency.effect.estimate < latency.margin < latency.high
    assert (latency.verdict, latency.reason[:12]) == (Verdict.CANNOT_TELL, "surely worse")


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


def test_a_metric_without_data_is_left_out_and_keeps_its_share_of_the_level() -> None:
    random = np.random.default_rng(2)
    cells = drawn(Law(), 500, random).first(500)
    silent = cells.set_column(cells.schema.get_field_index("n_error"), "n_error", pa.array(np.zeros(cells.num_rows)))
    found = compare(silent, silent, ("error", "latency"))
    assert (set(found.metrics), found.level) == ({"latency"}, 0.025)


def test_calls_that_depend_on_each_other_widen_the_interval() -> None:
    plain, wild = _wandering(0.0, shared=False), _wandering(0.3, shared=False)
    assert plain.effect.dispersion < 2
    assert wild.effect.dispersion > 8
    assert wild.high - wild.low > 2 * (plain.high - plain.low)


def test_a_load_that_both_cohorts_share_does_not() -> None:
    assert _wandering(0.3, shared=True).effect.dispersion < 2


def _wandering(by: float, *, shared: bool) -> Judged:
    """Latency of two cohorts whose blocks of 100 calls are slow or fast together."""
    random = np.random.default_rng(3)
    cohorts = [drawn(Law(), 10_000, random) for _ in range(2)]
    loads = [by * random.standard_normal(100) for _ in cohorts]
    for calls, load in zip(cohorts, loads[:1] * 2 if shared else loads, strict=True):
        calls.latency[:] += np.repeat(load, 100)
    tables = [calls.first(10_000) for calls in cohorts]
    return compare(tables[0], tables[1], ("latency",)).metrics["latency"]


def test_looking_often_does_not_make_equal_models_differ() -> None:
    """40 pairs, 10 looks each: at most 5 % may ever be called different; a plain test at each look would a third."""
    wrong = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        one, other = drawn(Law(), 2_000, random), drawn(Law(), 2_000, random)
        looks = (compare(one.first(n), other.first(n), METRICS) for n in range(200, 2_001, 200))
        judged = {metric.verdict for look in looks for metric in look.metrics.values()}
        wrong += bool(judged & {Verdict.WORSE, Verdict.BETTER})
    assert wrong <= 2
