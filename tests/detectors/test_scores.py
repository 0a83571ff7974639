"""Scores through the engine: learned, watched and reported like any other metric, whenever they come."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from detectors.actions import Action, Subject
from detectors.config import DAY_S, DetectorConfig, Rule
from detectors.engine import Engine
from detectors.explain import explain
from detectors.history import ArrowHistory
from detectors.records import Regression, State
from detectors.score_metrics import MOST_NAMES, score_patience_s, score_settings
from detectors.series import SeriesKey
from detectors.statuses import MetricStatus, statuses
from tests.detectors.made_scores import scored, stars, thumbs
from tests.detectors.simulated import HOUR_S, START, arrivals, metrics_of, steady, traffic
from watchkeeper.storage.regression_actions import ActionKind

Floats = npt.NDArray[np.float64]
KEY = SeriesKey("shop", "answer", "openai", "gpt-x", "gpt-x")


def moments(count: int, days: float = 4.0) -> Floats:
    """[count] evenly over the days, from an hour after the start."""
    return START + HOUR_S + np.arange(count) * days * DAY_S / count


def engine(config: DetectorConfig | None = None, *routes: str, **columns: Any) -> Engine:
    """One that knows the series that scores are made up for."""
    made = Engine(config or DetectorConfig())
    rng = np.random.default_rng(1)
    for route in routes or ("answer",):
        calls = traffic(rng, arrivals(rng, 60.0, 0.05)).table(route=route, **columns)
        made.process(calls, START + 0.05 * DAY_S)
    return made


def pieces(scores: pa.Table, seconds: int = 3_600) -> Iterator[tuple[pa.Table, float]]:
    """The scores as they come, hour by hour."""
    slots = scores["second"].to_numpy() // seconds
    edges = [0, *(np.flatnonzero(np.diff(slots)) + 1).tolist(), len(slots)]
    for first, last in zip(edges, edges[1:], strict=False):
        yield scores.slice(first, last - first), float((slots[first] + 1) * seconds)


def feed(one: Engine, scores: pa.Table) -> list[Regression]:
    told: list[Regression] = []
    for part, until in pieces(scores):
        told += one.process_scores(part) + one.advance(until)
    return told


def of_scores(told: list[Regression]) -> list[Regression]:
    return [one for one in told if one.metric.startswith("score:")]


def status(one: Engine, metric: str = "score:thumbs") -> MetricStatus:
    (found,) = [found for found in statuses(one) if found.metric == metric]
    return found


def falling(rng: np.random.Generator, before: int = 2_000, after: int = 1_500) -> Floats:
    return np.append(thumbs(rng, before, 0.9), thumbs(rng, after, 0.75))


def test_a_fall_of_satisfaction_is_a_regression_with_its_size_and_onset() -> None:
    rng = np.random.default_rng(2)
    at = moments(3_500)
    one = engine()
    told = of_scores(feed(one, scored(at, falling(rng), waited=6 * HOUR_S)))
    first = told[0]
    assert (first.metric, first.direction, first.state) == ("score:thumbs", "down", State.OPEN)
    assert first.series == str(KEY) and first.severity.value == "page"
    assert first.size is not None and first.size.unit == "score"
    assert first.size.before == pytest.approx(0.9, abs=0.02) and first.size.low < 0.75 < first.size.high
    assert first.detected_at.timestamp() < at[2_500]
    # In the time of the calls, six hours before their scores.
    assert abs(first.onset.timestamp() - (at[2_000] - 6 * HOUR_S)) < 3 * HOUR_S
    assert first.reason.startswith("score:thumbs of openai/gpt-x on shop/answer: score:thumbs 0.")
    assert first.evidence is not None and first.evidence.hypothesis.startswith("falls")
    assert first.evidence.patience_days == pytest.approx(score_patience_s(one.config) / DAY_S)
    assert one.counts().scores == {"used": 3_500} and status(one).state is State.OPEN


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((0.04, 0.03, 0.08, 0.25, 0.6), (0.12, 0.08, 0.12, 0.23, 0.45)),
        ((0.02, 0.01, 0.02, 0.1, 0.85), (0.06, 0.05, 0.05, 0.14, 0.7)),
    ],
    ids=["stars", "mostly five"],
)
def test_stars_fall(before: tuple[float, ...], after: tuple[float, ...]) -> None:
    rng = np.random.default_rng(3)
    values = np.append(stars(rng, 2_000, before), stars(rng, 2_000, after))
    told = of_scores(feed(engine(), scored(moments(4_000), values, name="stars")))
    assert told[0].metric == "score:stars" and told[0].direction == "down"
    assert told[0].detected_at.timestamp() < moments(4_000)[3_200]


def test_scores_that_do_not_change_are_quiet() -> None:
    rng = np.random.default_rng(4)
    at, one = moments(8_000, 16.0), engine()
    told = feed(one, scored(at, thumbs(rng, 8_000, 0.9)))
    told += feed(one, scored(at + 17 * DAY_S, rng.random(8_000), name="judge"))
    assert of_scores(told) == []
    assert (status(one).state, status(one, "score:judge").state) == (State.OK, State.OK)


def test_a_regression_closes_when_scores_are_back_and_not_before() -> None:
    rng = np.random.default_rng(5)
    at = moments(9_000, 12.0)
    values = np.concatenate([thumbs(rng, 2_000, 0.9), thumbs(rng, 4_000, 0.75), thumbs(rng, 3_000, 0.9)])
    told = of_scores(feed(engine(), scored(at, values)))
    assert {one.id for one in told} == {told[0].id} and told[-1].state is State.CLOSED
    assert told[-1].at.timestamp() > at[6_000] and told[-1].reason.endswith("it is back within its tolerance")


@pytest.mark.parametrize(
    ("name", "rules", "found"),
    [
        ("quality", (), ""),
        ("complaints", (), "up"),
        ("quality", (Rule(metric="score:quality", direction="up"),), "up"),
        ("quality", (Rule(metric="score:*", direction="both"),), "up"),
        ("quality", (Rule(direction="up"),), ""),
        ("complaints", (Rule(metric="score:complaints", watch=False),), ""),
        ("complaints", (Rule(watch=False),), ""),
        ("complaints", (Rule(metric="score:complaints", tolerance=5.0),), ""),
        ("complaints", (Rule(tolerance=5.0),), "up"),
    ],
)
def test_which_way_is_worse_follows_from_name_and_rules(name: str, rules: tuple[Rule, ...], found: str) -> None:
    rng = np.random.default_rng(6)
    values = 1 - falling(rng)
    told = of_scores(feed(engine(DetectorConfig(rules=rules)), scored(moments(3_500), values, name=name)))
    assert (told[0].direction if told else "") == found


def test_a_rule_says_what_a_score_is_worth() -> None:
    config = DetectorConfig(rules=(Rule(metric="score:thumbs", severity="notice"), Rule(metric="latency", watch=False)))
    assert score_settings(config, KEY, "thumbs").severity.value == "notice"
    assert score_settings(config, KEY, "other").severity.value == "page"


def test_all_routes_together_find_what_each_is_too_small_for() -> None:
    rng = np.random.default_rng(7)
    routes = [f"route-{n}" for n in range(6)]
    one = engine(None, *routes)
    at, values = moments(3_600), falling(rng, 2_400, 1_200)
    told = of_scores(feed(one, scored(at, values, route=[routes[n % 6] for n in range(3_600)])))
    first = told[0]
    assert first.series.startswith("*|*|openai") and first.size is not None
    assert first.size.before == pytest.approx(0.9, abs=0.03) and first.size.after < 0.85
    assert {member.metric for member in told[-1].members} == {"score:thumbs"}


def test_a_score_joins_the_regression_of_the_same_time() -> None:
    rng = np.random.default_rng(8)
    made = steady(rng, 100.0, 6.0)
    change = START + 4 * DAY_S
    made.slower(made.after(change), 1.5)
    at = START + HOUR_S + np.arange(3_000) * 6 * DAY_S / 3_000
    scores = scored(at, np.where(rng.random(3_000) < np.where(at < change, 0.9, 0.6), 1.0, 0.0))
    calls = made.table(prompt_version=np.where(made.after(change), "v2", "v1"))
    one = Engine(DetectorConfig(), ArrowHistory(calls))
    told: list[Regression] = []
    for part, until in pieces(scores, 1_800):
        since = until - 1_800
        moments_of = calls["ts"].cast(pa.int64()).to_numpy() / 1e6
        first, last = np.searchsorted(moments_of, [since, until])
        told += one.process(calls.slice(first, last - first), until)
        told += one.process_scores(part) + one.advance(until)
    found = [one for one in told if "score:thumbs" in metrics_of(one)]
    assert {"latency", "score:thumbs"} <= metrics_of(found[-1])
    assert found[-1].co_timed[0].what == "prompt version"


def test_a_new_model_is_held_to_the_scores_of_the_one_before_it() -> None:
    rng = np.random.default_rng(9)
    one = engine()
    feed(one, scored(moments(2_000), thumbs(rng, 2_000, 0.9)))
    calls = traffic(rng, arrivals(rng, 60.0, 0.05, START + 5 * DAY_S)).table(model="gpt-x-2")
    one.process(calls, START + 5.05 * DAY_S)
    told = feed(one, scored(moments(800) + 5.1 * DAY_S, thumbs(rng, 800, 0.7), model="gpt-x-2"))
    assert of_scores(told)[0].model == "gpt-x-2"


def test_a_restart_in_the_middle_changes_nothing() -> None:
    rng = np.random.default_rng(10)
    routes = ["answer", "search"]
    values = np.concatenate([falling(rng), thumbs(rng, 1_500, 0.9)])
    scores = scored(moments(5_000, 6.0), values, waited=100.0, route=[routes[n % 2] for n in range(5_000)])
    config = DetectorConfig(rules=(Rule(metric="score:thumbs", tolerance=0.05),))
    whole, parted = engine(config, *routes), engine(config, *routes)
    expected, told = feed(whole, scores), []
    for part, until in pieces(scores):
        parted = Engine.restore(config, None, parted.snapshot()) if rng.random() < 0.1 else parted
        told += parted.process_scores(part) + parted.advance(until)
    assert of_scores(told) and told == expected and parted.snapshot() == whole.snapshot()


def test_scores_of_other_models_are_another_engines() -> None:
    one = engine()
    told = one.process_scores(scored(moments(300), 1.0, request_model="other", model="other"))
    assert told == [] and one.counts().scores == {}


def test_a_score_whose_series_is_not_held_is_counted() -> None:
    one = engine()
    one.process_scores(scored(moments(3), [1.0, None, 0.0], route="never called"))
    assert one.counts().scores == {"no_series": 2, "no_number": 1}


def test_names_are_bounded_and_new_ones_take_the_place_of_idle_ones_only() -> None:
    one, at = engine(), moments(300, 1.0)
    feed(one, scored(at, thumbs(np.random.default_rng(11), 300, 0.9)))
    for number in range(MOST_NAMES + 3):
        one.process_scores(scored(at[-1:] + number, 1.0, name=f"name {number}"))
    names = {found.metric for found in statuses(one) if found.metric.startswith("score:")}
    assert len(names) == MOST_NAMES and {"score:thumbs", f"score:name {MOST_NAMES + 2}"} <= names
    rng = np.random.default_rng(12)
    for number in range(MOST_NAMES + 3):
        feed(one, scored(at + (1 + number / 100) * DAY_S, thumbs(rng, 300, 0.9), name=f"name {number}"))
    names = {found.metric for found in statuses(one) if found.metric.startswith("score:")}
    assert len(names) == MOST_NAMES and "score:thumbs" in names
    assert one.counts().scores["crowded"] > 0


def test_what_is_open_closes_when_no_scores_come_or_the_series_goes() -> None:
    rng = np.random.default_rng(13)
    one = engine()
    told = of_scores(feed(one, scored(moments(3_500), falling(rng))))
    assert told[-1].state is State.OPEN
    (closed,) = of_scores(one.advance(START + 13 * DAY_S))
    assert closed.state is State.CLOSED and closed.reason.endswith("no scores for 7 days")
    assert status(one).state is not State.OPEN


def test_a_score_that_is_learning_says_what_it_needs() -> None:
    one = engine()
    one.process_scores(scored(moments(150), 1.0))
    assert (status(one).state, status(one).calls, status(one).needed) == (State.LEARNING, 150, 50)


def test_a_score_as_bad_as_can_be_cannot_tell() -> None:
    one = engine()
    feed(one, scored(moments(1_000), 0.0))
    assert status(one).state is State.CANNOT_TELL and "cannot get worse" in status(one).why


def test_a_score_is_explained_in_its_own_unit() -> None:
    one = engine()
    rng = np.random.default_rng(14)
    values = stars(rng, 3_000, (0.04, 0.03, 0.08, 0.25, 0.6))
    feed(one, scored(moments(3_000), values, name="stars"))
    (found,) = [metric for metric in explain(one, str(KEY)).metrics if metric.status.metric == "score:stars"]
    (baseline,) = found.baselines
    assert found.unit == "score" and found.direction == "down"
    assert sum(stratum.calls for stratum in baseline.strata) == baseline.calls > 1_000
    (judged,) = [stratum for stratum in baseline.strata if stratum.judged]
    assert judged.usual == pytest.approx(values.mean(), abs=0.1) and judged.limit < judged.usual
    hour, day, week = found.status.detectable
    assert hour.after is None and day.after is not None and week.after is not None
    assert 1 < day.after < week.after < judged.usual and week.text.startswith("score:stars 4.")


@pytest.mark.parametrize("choice", ["adwin", "page_hinkley"])
def test_a_chosen_river_detector_decides_on_scores_as_well(choice: str) -> None:
    rng = np.random.default_rng(15)
    values = np.append(thumbs(rng, 2_000, 0.95), thumbs(rng, 3_000, 0.3))
    told = of_scores(feed(engine(DetectorConfig(detector=choice)), scored(moments(5_000), values)))
    assert told and told[0].evidence is not None and told[0].evidence.detector == choice
    assert told[0].direction == "down"


@pytest.fixture(scope="module")
def regressed() -> tuple[bytes, Regression]:
    """A restorable engine of two routes whose satisfaction fell, and what it last told."""
    routes = ["answer", "search"]
    one = engine(None, *routes)
    values = falling(np.random.default_rng(16))
    told = feed(one, scored(moments(3_500), values, route=[routes[n % 2] for n in range(3_500)]))
    return one.snapshot(), told[-1]


def act(regressed: tuple[bytes, Regression], *kinds: ActionKind) -> tuple[Engine, list[Regression]]:
    blob, record = regressed
    one, at = Engine.restore(DetectorConfig(), None, blob), moments(3_500)[-1] + 1
    subjects = tuple(Subject(SeriesKey.parse(member.series), member.metric) for member in record.members)
    told: list[Regression] = []
    for kind in kinds:
        told += one.act(Action(kind, record.id, "ann", KEY.parent, subjects, int(at), at))
    return one, told


def test_accepted_scores_are_learned_anew(regressed: tuple[bytes, Regression]) -> None:
    one, (closed,) = act(regressed, ActionKind.ACCEPT)
    assert closed.state is State.CLOSED and closed.reason.startswith("accepted by ann")
    routes = ["answer", "search"]
    later = moments(1_200) + 4.1 * DAY_S
    values = thumbs(np.random.default_rng(17), 1_200, 0.75)
    told = feed(one, scored(later, values, route=[routes[n % 2] for n in range(1_200)]))
    assert of_scores(told) == []
    assert {found.state for found in statuses(one) if found.metric == "score:thumbs"} == {State.OK}


def test_closed_scores_open_again_by_scores_that_come_since(regressed: tuple[bytes, Regression]) -> None:
    one, (closed,) = act(regressed, ActionKind.CLOSE)
    later = moments(1_200, 0.8) + 4.1 * DAY_S
    values, routes = thumbs(np.random.default_rng(18), 1_200, 0.75), ["answer", "search"]
    again = of_scores(feed(one, scored(later, values, route=[routes[n % 2] for n in range(1_200)])))[0]
    assert (again.id, again.state) == (closed.id, State.OPEN)


def test_a_close_of_scores_can_be_taken_back(regressed: tuple[bytes, Regression]) -> None:
    one, told = act(regressed, ActionKind.CLOSE, ActionKind.REOPEN)
    assert [record.state for record in told] == [State.CLOSED, State.OPEN]
    assert State.OPEN in {found.state for found in statuses(one) if found.metric == "score:thumbs"}


def test_a_false_alarm_of_scores_asks_for_more_evidence(regressed: tuple[bytes, Regression]) -> None:
    one, _ = act(regressed, ActionKind.FALSE_ALARM, ActionKind.FALSE_ALARM)
    concerned = {member.series for member in regressed[1].members}
    patience = {str(watch.watch.key): watch.watch.monitor for watch in one.groups[KEY.parent].scores.all()}
    for series, monitor in patience.items():
        assert monitor.patience[0] / monitor.patience_s == (2.0 if series in concerned else 1.0)
    assert Engine.restore(DetectorConfig(), None, one.snapshot()).snapshot() == one.snapshot()
