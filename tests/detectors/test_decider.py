"""A river detector at one metric: what it is fed, where it decides, and a state that restores nothing but river."""

import base64
import pickle
from typing import Any

import numpy as np
import orjson
import pytest

from detectors.columns import Floats
from detectors.decider import CROSS_CHECK, MetricDecider, decider_for
from detectors.detector_names import E_DETECTOR
from detectors.metrics import METRICS, Kind
from detectors.river_presets import FOR_VALUES, PRESETS

CALLS = 1_200


def changing(seed: int) -> tuple[Floats, Floats, Floats]:
    """Times, residuals and bad calls of a metric that is worse from the 500th call to the 850th."""
    rng, worse = np.random.default_rng(seed), abs(np.arange(CALLS) - 675) <= 175
    bad = rng.random(CALLS) < np.where(worse, 0.6, 0.02)
    return np.linspace(1e9, 2e9, CALLS), rng.normal(size=CALLS) + 2.0 * worse, bad.astype(np.float64)


def started(name: str) -> MetricDecider:
    return MetricDecider(PRESETS[name], PRESETS[name].make(), True)


def part(calls: tuple[Floats, Floats, Floats], begin: int, end: int) -> tuple[Floats, Floats, Floats]:
    ts, residuals, bad = (column[begin:end] for column in calls)
    return ts, residuals, bad


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_restored_detector_goes_on_where_it_was(name: str) -> None:
    calls, whole, before = changing(1), started(name), started(name)
    fired = whole.feed(*calls)
    first = before.feed(*part(calls, 0, 450))
    after = MetricDecider.restore(orjson.loads(orjson.dumps(before.state())))
    assert (after.preset, after.decides, after.last) == (before.preset, True, before.last)
    assert fired.tolist() == [*first, *after.feed(*part(calls, 450, CALLS))]
    assert len(fired) and after.last == whole.last == fired[-1]


def test_binary_detectors_see_bad_calls_others_residuals() -> None:
    ts, residuals, bad = changing(2)
    calm = np.zeros(CALLS)
    assert len(started("hddm_a").feed(ts, calm, bad)) and not len(started("hddm_a").feed(ts, residuals, calm))
    assert len(started("adwin").feed(ts, residuals, calm)) and not len(started("adwin").feed(ts, calm, bad))


def test_beside_the_e_detector_one_cross_check_of_the_latency() -> None:
    made = {name: decider_for(E_DETECTOR, metric) for name, metric in METRICS.items()}
    only = made.pop("latency")
    assert only is not None and only.preset.name == CROSS_CHECK and not only.decides
    assert not any(made.values())


@pytest.mark.parametrize("choice", PRESETS)
def test_a_chosen_detector_decides_everywhere_values_by_one_that_takes_them(choice: str) -> None:
    for metric in METRICS.values():
        made = decider_for(choice, metric)
        assert made is not None and made.decides
        other = PRESETS[choice].binary and metric.kind is Kind.VALUE
        assert made.preset.name == (FOR_VALUES if other else choice)


class Names:
    """Pickles as a call of ``what``."""

    def __init__(self, what: Any) -> None:
        self.what = what

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return self.what, ("1 / 0",)


@pytest.mark.parametrize("what", [eval, exec, __import__, getattr, pickle.loads, base64.b64decode, Names])
def test_a_state_that_names_other_code_is_refused_before_it_runs(what: Any) -> None:
    harmful = base64.b64encode(pickle.dumps(Names(what))).decode()
    with pytest.raises(pickle.UnpicklingError, match=rf"names .*{what.__name__}"):
        MetricDecider.restore({**started("adwin").state(), "detector": harmful})


def test_a_name_that_leads_out_of_river_is_refused() -> None:
    dotted = pickle.PROTO + b"\x04" + b"\x8c\x13river.datasets.base\x8c\x0fos.path.dirname\x93\x8c\x04/a/b\x85R."
    with pytest.raises(pickle.UnpicklingError, match="os.path"):
        MetricDecider.restore({**started("adwin").state(), "detector": base64.b64encode(dotted).decode()})
