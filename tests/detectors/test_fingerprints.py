"""Changes of the provider's fingerprint."""

import numpy as np

from detectors.fingerprints import Fingerprints
from detectors.metrics import Severity
from detectors.records import State
from tests.detectors.made_calls import DAY, HOUR, PARENT, START, calls, run


def test_a_new_dominant_fingerprint_is_a_notice_that_is_accepted_after_a_week() -> None:
    rng = np.random.default_rng(1)
    ts = np.arange(START, START + 10 * DAY, 120.0)
    main = np.where(ts < START + DAY, "fp_a", "fp_b")
    prints = np.where(rng.random(len(ts)) < 0.2, "fp_rare", main)
    opened, closed = run(Fingerprints(PARENT), calls(ts, system_fingerprint=prints), 600.0)
    assert opened.severity is Severity.NOTICE
    assert opened.reason == "gpt-x-2026-05-01 answers with fingerprint fp_b, before mostly with fp_a"
    assert START + DAY < opened.at.timestamp() < START + DAY + 30 * HOUR
    assert closed.state is State.CLOSED and closed.id == opened.id


def test_a_fleet_of_many_fingerprints_is_no_news() -> None:
    rng = np.random.default_rng(2)
    ts = np.arange(START, START + 7 * DAY, 120.0)
    rotating = [f"fp_{int((t - START) // DAY)}{kind}" for t, kind in zip(ts, rng.integers(0, 4, len(ts)), strict=True)]
    assert run(Fingerprints(PARENT), calls(ts, system_fingerprint=rotating), 600.0) == []


def test_a_new_served_model_brings_its_own_fingerprint() -> None:
    ts = np.arange(START, START + 4 * DAY, 120.0)
    late = ts > START + 2 * DAY
    table = calls(ts, model=np.where(late, "gpt-x-b", "gpt-x-a"), system_fingerprint=np.where(late, "fp_b", "fp_a"))
    assert run(Fingerprints(PARENT), table, 600.0) == []
