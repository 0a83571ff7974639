"""Findings that people have a say in: numbered on, silent once closed, learnt as usual once accepted."""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from detectors.actions import Action
from detectors.cost_spike import CostSpike
from detectors.finding import FindingDetector, closed, moved, opened
from detectors.finding_ledger import FindingLedger
from detectors.fingerprints import Fingerprints
from detectors.group_calls import GroupCalls, by_model
from detectors.metrics import Severity
from detectors.mix_shift import MixShift
from detectors.outage import Outage
from detectors.records import FindingKind, Regression, State
from detectors.served_models import ServedModels
from detectors.traffic import TrafficStop
from detectors.usage_missing import UsageMissing
from tests.detectors.made_calls import DAY, HOUR, PARENT, START, Floats, calls, run, units
from watchkeeper.storage.regression_actions import ActionKind

ENDING = [ActionKind.CLOSE, ActionKind.ACCEPT, ActionKind.FALSE_ALARM]


@dataclass
class Detector:
    """Learns what it is told to, or has nothing to learn."""

    learns: bool
    asked: list[str] = field(default_factory=list)

    def accept(self, finding: str, at: float) -> bool:
        self.asked.append(finding)
        return self.learns

    def feed(self, calls: GroupCalls, now: float) -> list[Regression]:
        return []

    def advance(self, now: float) -> list[Regression]:
        return []

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Nothing is remembered."""


FINDING = opened(FindingKind.OUTAGE, PARENT, at=START, onset=START, severity=Severity.PAGE, reason="no answers")


def said(kind: ActionKind, finding: str = FINDING.id, at: float = START + HOUR) -> Action:
    return Action(kind, finding, "ann", PARENT, (), int(at) - 1, at)


def again(ledger: FindingLedger) -> FindingLedger:
    """The same after a restart."""
    return FindingLedger.of(json.loads(json.dumps(ledger.state())))


def test_steps_of_people_and_of_the_detector_are_numbered_together() -> None:
    ledger = FindingLedger()
    assert ledger.passed_on([FINDING]) == [FINDING]
    (seen,) = ledger.act(said(ActionKind.ACKNOWLEDGE), [])
    assert (seen.seq, seen.state, seen.acknowledged_by, seen.reason) == (2, State.OPEN, "ann", "acknowledged by ann")
    grown = moved(FINDING, START + 2 * HOUR, "now on 2 workloads")
    (told,) = again(ledger).passed_on([grown])
    assert (told.seq, told.acknowledged_by, told.reason) == (3, "ann", grown.reason)
    (done,) = ledger.passed_on([closed(FINDING, START + 3 * HOUR, "it answers again")])
    assert (done.seq, done.state) == (3, State.CLOSED) and ledger.state() == []


@pytest.mark.parametrize("kind", ENDING, ids=str)
def test_what_somebody_closed_is_silent_until_it_has_ended(kind: ActionKind) -> None:
    ledger, detector = FindingLedger(), Detector(learns=False)
    ledger.passed_on([FINDING])
    (done,) = ledger.act(said(kind), [detector])
    assert (done.seq, done.state, done.closed_at, done.transient) == (2, State.CLOSED, done.at, False)
    assert detector.asked == ([] if kind is ActionKind.CLOSE else [FINDING.id])
    ledger = again(ledger)
    assert ledger.act(said(kind), [detector]) == ledger.act(said(ActionKind.ACKNOWLEDGE), [detector]) == []
    assert ledger.passed_on([moved(FINDING, START + 2 * HOUR, "now on 2 workloads")]) == []
    assert ledger.passed_on([closed(FINDING, START + 3 * HOUR, "it answers again")]) == [] and ledger.state() == []
    assert ledger.passed_on([FINDING]) == [FINDING]


def test_what_the_detector_has_learnt_is_forgotten() -> None:
    ledger = FindingLedger()
    ledger.passed_on([FINDING])
    ledger.act(said(ActionKind.ACCEPT), [Detector(learns=False), Detector(learns=True)])
    assert ledger.state() == []


def test_a_close_is_taken_back() -> None:
    ledger = FindingLedger()
    ledger.passed_on([FINDING])
    assert ledger.act(said(ActionKind.REOPEN), []) == []
    ledger.act(said(ActionKind.CLOSE), [])
    (told,) = ledger.act(said(ActionKind.REOPEN), [])
    assert (told.seq, told.state, told.closed_at) == (3, State.OPEN, None)
    (done,) = ledger.passed_on([closed(FINDING, START + 3 * HOUR, "it answers again")])
    assert (done.seq, done.state) == (4, State.CLOSED)


def test_comments_and_unknown_findings_change_nothing() -> None:
    ledger = FindingLedger()
    ledger.passed_on([FINDING])
    before = ledger.state()
    assert ledger.act(said(ActionKind.COMMENT), []) == ledger.act(said(ActionKind.CLOSE, "another"), []) == []
    assert ledger.state() == before


def every(seconds: float, count: int, begin: float = START) -> Floats:
    """Moments at equal distances."""
    return np.array([begin + number * seconds for number in range(count)])


def repointed() -> tuple[FindingDetector, Any]:
    ts = every(60.0, 400)
    return ServedModels(PARENT), calls(ts, model=["gpt-x-2025-01-01"] * 200 + ["gpt-x-2026-05-01"] * 200)


def other_fingerprint() -> tuple[FindingDetector, Any]:
    ts = every(10.0, 2_000)
    return Fingerprints(PARENT), calls(ts, system_fingerprint=["fp_a"] * 500 + ["fp_b"] * 1_500)


def without_usage() -> tuple[FindingDetector, Any]:
    gone = [100] * 400 + [None] * 200
    return UsageMissing(PARENT), calls(every(60.0, 600), input_tokens=gone, output_tokens=gone)


def other_mix() -> tuple[FindingDetector, Any]:
    ts = START + np.arange(0, 9 * DAY, 60.0)
    tokens = np.where(ts < START + 8 * DAY, 100, 20_000).tolist()
    return MixShift(PARENT), calls(ts, input_tokens=tokens)


def dear() -> tuple[FindingDetector, Any]:
    ts = START + np.arange(0, 9 * DAY, 60.0)
    usd = np.where(ts < START + 8.5 * DAY, 0.05, 1.0).tolist()
    return CostSpike(PARENT), calls(ts, cost_usd=usd)


def silent() -> tuple[FindingDetector, Any]:
    return TrafficStop(PARENT), calls(START + np.arange(0, 15 * DAY, 60.0))


CASES = [repointed, other_fingerprint, without_usage, other_mix, dear, silent]


@pytest.mark.parametrize("case", CASES, ids=[case.__name__ for case in CASES])
def test_each_detector_takes_what_is_accepted_as_usual(case: Any) -> None:
    detector, table = case()
    told = run(detector, table, 600.0)
    end = float(table["ts"].cast("int64").to_numpy()[-1] / 1e6)
    told += detector.advance(end + 2 * DAY) if case is silent else []
    one = told[-1]
    assert one.state is State.OPEN
    assert not detector.accept("another", end)
    assert detector.accept(one.id, end) and not detector.accept(one.id, end)
    state = json.loads(json.dumps(detector.state()))
    detector.restore(state)
    assert detector.state() == state
    assert detector.advance(end + 2 * DAY) == []


def test_an_outage_has_nothing_to_learn_and_a_workload_that_tells_no_usage_any_more_is_not_watched() -> None:
    assert not Outage(PARENT).accept(FINDING.id, START)
    detector, table = without_usage()
    (one,) = run(detector, table)
    assert detector.accept(one.id, START)
    later = calls(every(60.0, 600, START + DAY), input_tokens=None, output_tokens=None)
    assert [found for part, now in units(later, 60.0) for found in run_one(detector, part, now)] == []


def run_one(detector: FindingDetector, part: Any, now: float) -> list[Regression]:
    """What one unit brings."""
    return [found for group in by_model(part) for found in detector.feed(group, now)]
