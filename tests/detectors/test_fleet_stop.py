"""A stop of all traffic is one finding, a stop of one model is that model's own."""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pytest

from detectors.columns import call_columns
from detectors.config import DetectorConfig
from detectors.engine import Engine
from detectors.fleet_stop import FLEET, FleetStop, Silence
from detectors.group_calls import by_model
from detectors.metrics import Severity
from detectors.records import FindingKind, Regression, State
from detectors.series import SeriesKey
from detectors.traffic import TrafficStop
from tests.detectors.made_calls import DAY, HOUR, START, Floats, arrivals, calls

STOP = START + 3 * DAY + 11.3 * HOUR
BACK = STOP + 6 * HOUR
END = BACK + 8 * HOUR
UNIT = 600.0
RATES = {"model-0": 300.0, "model-1": 120.0, "model-2": 60.0, "model-3": 60.0}
"""Calls an hour."""
Gaps = Mapping[str, tuple[float, float]]


@dataclass
class Fleet:
    """The traffic detectors of several models and what gathers their stops, as an engine has them."""

    stop: FleetStop = field(default_factory=FleetStop)
    models: dict[SeriesKey, TrafficStop] = field(default_factory=dict)
    told: list[Regression] = field(default_factory=list)

    def advance(self, now: float) -> None:
        self._gather([one for key in sorted(self.models) for one in self.models[key].advance(now)], now)

    def feed(self, table: pa.Table, now: float) -> None:
        found: list[Regression] = []
        for group in by_model(call_columns(table)):
            found += self.models.setdefault(group.parent, TrafficStop(group.parent)).feed(group, now)
        self._gather(found, now)

    def _gather(self, found: list[Regression], now: float) -> None:
        def silences(begin: float, at: float) -> list[Silence]:
            return [one.silence(begin, at) for one in self.models.values()]

        self.told += self.stop.gather(found, silences, now)
        kept = self.stop.state()
        self.stop = FleetStop.of(json.loads(json.dumps(kept)))
        assert self.stop.state() == kept


def moments(name: str, begin: float, end: float, gap: tuple[float, float] = (0, 0)) -> Floats:
    ts = arrivals(np.random.default_rng(len(name) + int(begin)), begin, end, lambda _: RATES[name])
    return ts[(ts < gap[0]) | (ts >= gap[1])]


def run(fleet: Fleet, times: Mapping[str, Floats], begin: float, end: float) -> None:
    """Feed calls of models at ``times``, a unit every ten minutes."""
    ts = np.concatenate(list(times.values()))
    names = np.repeat(list(times), [len(each) for each in times.values()])
    order = np.argsort(ts)
    table = calls(ts[order], request_model=names[order].tolist())
    for now in np.arange(begin + UNIT, end, UNIT).tolist():
        first, last = np.searchsorted(ts[order], [now - UNIT, now]).tolist()
        fleet.advance(now)
        if last > first:
            fleet.feed(table.slice(first, last - first), now)


@pytest.fixture(scope="module")
def usual() -> Fleet:
    """Three and a half days in which all models call."""
    fleet = Fleet()
    run(fleet, {name: moments(name, START, STOP) for name in RATES}, START, STOP)
    assert not fleet.told
    return fleet


def lived(usual: Fleet, gaps: Gaps, models: Iterable[str] = RATES) -> list[Regression]:
    """What is told of ``models`` afterwards, when they do not call in their gaps."""
    fleet = deepcopy(usual)
    fleet.models = {key: one for key, one in fleet.models.items() if key.request_model in models}
    run(fleet, {name: moments(name, STOP, END, gaps.get(name, (0, 0))) for name in models}, STOP, END)
    return fleet.told


def test_a_stop_of_all_models_is_one_page(usual: Fleet) -> None:
    opened, closed = lived(usual, dict.fromkeys(RATES, (STOP, BACK)))
    assert (opened.series, opened.kind) == (str(FLEET), FindingKind.TRAFFIC_STOP)
    assert opened.severity is Severity.NOTICE, "younger than two weeks, as for a model"
    assert "no calls of any of " in opened.reason and "collector" in opened.reason
    assert STOP < opened.detected_at.timestamp() < STOP + 2 * HOUR and abs(opened.onset.timestamp() - STOP) < 2 * UNIT
    assert (closed.id, closed.state, closed.seq) == (opened.id, State.CLOSED, 2)
    assert BACK <= closed.at.timestamp() < BACK + HOUR


def test_a_stop_of_one_model_is_its_own(usual: Fleet) -> None:
    opened, closed = lived(usual, {"model-1": (STOP, BACK)})
    assert (opened.request_model, closed.id, closed.state) == ("model-1", opened.id, State.CLOSED)


def test_most_models_that_stop_together_are_one_page_and_who_calls_is_counted(usual: Fleet) -> None:
    opened, closed = lived(usual, dict.fromkeys(list(RATES)[1:], (STOP, BACK)))
    assert opened.series == str(FLEET) and closed.id == opened.id
    assert opened.details["models_calling"] != "0" and " of " in opened.reason


def test_models_that_stop_hours_apart_are_told_each(usual: Fleet) -> None:
    gaps = {"model-0": (STOP, END), "model-1": (STOP + 3 * HOUR, END), "model-2": (STOP + 6 * HOUR, END)}
    told = lived(usual, gaps)
    assert sorted(one.request_model for one in told) == list(gaps)


def test_a_model_that_stays_away_when_the_others_are_back_is_told_after_its_own_patience(usual: Fleet) -> None:
    gaps = dict.fromkeys(RATES, (STOP, BACK)) | {"model-2": (STOP, END)}
    opened, closed, own = lived(usual, gaps)
    assert (opened.series, closed.id) == (str(FLEET), opened.id)
    assert (own.request_model, own.state, own.seq) == ("model-2", State.OPEN, 1)
    patience = (own.detected_at - own.onset).total_seconds()
    assert closed.at.timestamp() + patience <= own.at.timestamp() < closed.at.timestamp() + patience + 2 * UNIT
    assert "other models call again since" in own.reason


def test_two_models_are_a_fleet_and_one_is_none(usual: Fleet) -> None:
    both = ["model-0", "model-2"]
    assert [one.series for one in lived(usual, dict.fromkeys(both, (STOP, BACK)), both)] == [str(FLEET)] * 2
    alone = lived(usual, {"model-0": (STOP, BACK)}, ["model-0"])
    assert [record.request_model for record in alone] == ["model-0"] * 2


def test_an_engine_tells_the_stop_of_its_fleet_once_and_goes_on_from_a_snapshot() -> None:
    stop = START + 3.5 * DAY
    ts = np.arange(START, stop, 60.0)
    tables = [calls(ts + offset, request_model=name) for offset, name in ((0.0, "a"), (20.0, "b"), (40.0, "c"))]
    table = pa.concat_tables(tables).unify_dictionaries().sort_by("ts")
    engine, told = Engine(DetectorConfig()), []
    for begin in range(0, table.num_rows, 60):
        part = table.slice(begin, 60)
        told += engine.process(part, part["ts"][-1].value / 1e6)
    for now in np.arange(stop, stop + 4 * HOUR, HOUR / 4).tolist():
        told += engine.advance(now)
        engine = Engine.restore(engine.config, None, engine.snapshot())
    told += engine.process(calls([stop + 4 * HOUR] * 3, request_model=["a", "b", "c"]), stop + 4 * HOUR)
    opened, closed = [one for one in told if one.kind is FindingKind.TRAFFIC_STOP]
    assert (opened.series, closed.id, closed.state) == (str(FLEET), opened.id, State.CLOSED)
