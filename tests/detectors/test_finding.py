"""What all detectors of findings have in common."""

import json
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from detectors.columns import CallColumns, call_columns
from detectors.cost_spike import CostSpike
from detectors.finding import FindingDetector, Recent, Shared, closed, finding_id, opened
from detectors.fingerprints import Fingerprints
from detectors.group_calls import by_model
from detectors.metrics import Severity
from detectors.mix_shift import MixShift
from detectors.outage import Outage
from detectors.records import FindingKind, Regression
from detectors.series import SeriesKey
from detectors.served_models import ServedModels
from detectors.traffic import TrafficStop
from detectors.usage_missing import UsageMissing
from tests.detectors.made_calls import DAY, HOUR, PARENT, START, arrivals, calls, day_and_night, units, unless

ALL = [ServedModels, Fingerprints, Outage, TrafficStop, UsageMissing, MixShift, CostSpike]
BROKEN = START + 17.4 * DAY


@pytest.fixture(scope="module")
def eventful() -> list[tuple[CallColumns, float]]:
    """Three weeks in which everything breaks at once, then nothing comes for three hours."""
    rng = np.random.default_rng(1)
    ts = arrivals(rng, START, START + 21 * DAY, lambda t: 90 * day_and_night(t))
    ts = ts[(ts < BROKEN + 2 * DAY) | (ts > BROKEN + 2 * DAY + 6 * HOUR)]
    late = ts > BROKEN
    table = calls(
        ts,
        route=np.where(rng.random(len(ts)) < np.where(late, 0.8, 0.1), "code", "chat"),
        model=np.where(late, "gpt-x-2026-08-01", "gpt-x-2026-05-01"),
        system_fingerprint=np.where(ts > BROKEN + DAY, "fp_b", "fp_a"),
        outcome=np.where((ts > BROKEN) & (ts < BROKEN + HOUR), "error", "ok"),
        input_tokens=unless(ts > BROKEN + DAY, np.where(late, 9_000, 500)),
        output_tokens=unless(ts > BROKEN + DAY, 100),
        cost_usd=np.where(late, 3.0, 0.1) * rng.lognormal(0, 0.3, len(ts)),
    )
    return list(units(table, 600.0))


def fed(detector: FindingDetector, parts: list[tuple[CallColumns, float]]) -> list[Regression]:
    return [record for part, now in parts for group in by_model(part) for record in detector.feed(group, now)]


@pytest.mark.parametrize("make", ALL)
def test_a_detector_restored_anywhere_goes_on_as_if_nothing_had_been(
    make: Callable[[SeriesKey], FindingDetector], eventful: list[tuple[CallColumns, float]]
) -> None:
    undisturbed = make(PARENT)
    whole = fed(undisturbed, eventful)
    fingerprint = make is Fingerprints
    assert whole or fingerprint, "the story has something for everyone"
    detector, told = make(PARENT), []
    for begin in range(0, len(eventful), 150):
        restored = make(PARENT)
        restored.restore(json.loads(json.dumps(detector.state())))
        detector = restored
        told += fed(detector, eventful[begin : begin + 150])
    assert told == whole
    assert detector.state() == undisturbed.state()


@pytest.mark.parametrize("make", ALL)
def test_records_are_whole_and_name_no_more_than_the_calls_do(
    make: Callable[[SeriesKey], FindingDetector], eventful: list[tuple[CallColumns, float]]
) -> None:
    for record in fed(make(PARENT), eventful):
        assert Regression.model_validate_json(record.model_dump_json()) == record
        assert record.onset_low <= record.onset <= record.onset_high <= record.detected_at <= record.at
        assert record.reason and len(record.reason) < 500 and record.request_model == "gpt-x"


def test_a_model_alone_and_among_others_gives_the_same_calls() -> None:
    ts = START + np.arange(60.0)
    models = [f"gpt-{at % 3}" for at in range(60)]
    table = calls(ts, request_model=models, route=[f"r{at % 4}" for at in range(60)], system_fingerprint=models)
    groups = by_model(call_columns(table))
    assert [group.parent.request_model for group in groups] == ["gpt-0", "gpt-1", "gpt-2"]
    alone = by_model(call_columns(table.filter(pa.array([model == "gpt-1" for model in models]))))[0]
    among = groups[1]
    assert alone.parent == among.parent and alone.ts.tolist() == among.ts.tolist()
    names, codes = among.words("system_fingerprint")
    assert {names[code] for code in codes.tolist()} == {"gpt-1"}
    routes = [[group.workloads[at].route for at in group.workload.tolist()] for group in (alone, among)]
    assert routes[0] == routes[1] and len(among.workloads) == 4


def test_the_workloads_remembered_are_bounded_and_evictions_counted() -> None:
    recent: Recent[list[int]] = Recent(list, limit=3)
    keys = [SeriesKey("s", f"r{at}", "p", "m", "*") for at in range(5)]
    for key in keys[:3]:
        recent.touch(key).append(1)
    recent.touch(keys[0])
    recent.touch(keys[3])
    assert recent.evicted == 1 and recent.get(keys[1]) is None and recent.get(keys[0]) == [1]


def test_ids_follow_from_facts() -> None:
    key = SeriesKey("s", "r", "p", "m", "*")
    one = finding_id(FindingKind.OUTAGE, key, START)
    assert one == finding_id(FindingKind.OUTAGE, key, START) and len(one) == 16
    assert (
        len({one, finding_id(FindingKind.OUTAGE, key, START + 1), finding_id(FindingKind.MIX_SHIFT, key, START)}) == 3
    )


def test_a_finding_shared_by_many_workloads_moves_seldom_and_closes_once() -> None:
    keys = [SeriesKey("s", f"r{at}", "p", "m", "*") for at in range(64)]
    record = opened(
        FindingKind.USAGE_MISSING, keys[0].parent, at=START, onset=START, severity=Severity.NOTICE, reason="lost"
    )
    shared = Shared(record, keys[0])
    moves = [move for key in keys[1:] for move in shared.join(key, START + 60)]
    assert [move.seq for move in moves] == [2, 3, 4, 5, 6, 7]
    assert moves[-1].details["workloads"].endswith("and 44 more")
    ends = [end for key in keys for end in shared.leave(key, START + 120, "back")]
    assert len(ends) == 1 and ends[0].transient and ends[0].seq == 8
    assert not closed(record, START + 3 * HOUR, "back").transient
