"""Answers whose token counts are not told any more."""

from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.metrics import Severity
from detectors.records import Regression, State
from detectors.usage_missing import UsageMissing
from tests.detectors.made_calls import DAY, HOUR, PARENT, START, calls, run, unless

TS = np.arange(START, START + 4 * DAY, 120.0)
LOST = START + 2 * DAY


def told(gone: npt.NDArray[np.bool_], **more: Any) -> list[Regression]:
    table = calls(TS, input_tokens=unless(gone, 900), output_tokens=unless(gone, 80), **more)
    return run(UsageMissing(PARENT), table, 300.0)


def test_streams_that_lost_their_usage_are_one_notice_for_all_routes() -> None:
    streams = np.arange(len(TS)) % 2 == 0
    gone = streams & (TS >= LOST) & (TS < LOST + DAY)
    records = told(gone, is_stream=streams, route=[f"r{at % 3}" for at in range(len(TS))])
    assert records[0].severity is Severity.NOTICE and "stream_options.include_usage" in records[0].reason
    assert LOST < records[0].at.timestamp() < LOST + 6 * HOUR
    assert LOST - HOUR < records[0].onset.timestamp() < LOST + HOUR
    assert records[0].size is not None and 0.3 < records[0].size.after < 0.8
    assert records[-1].state is State.CLOSED and {r.id for r in records} == {records[0].id}


def test_all_usage_lost_is_found_within_a_dozen_calls_and_not_blamed_on_streams() -> None:
    (record,) = told(TS >= LOST)
    assert record.at.timestamp() < LOST + 15 * 120 and "stream" not in record.reason


def test_a_few_answers_without_usage_and_emitters_that_never_tell_it_are_quiet() -> None:
    rng = np.random.default_rng(1)
    assert told(rng.random(len(TS)) < 0.01) == []
    assert told(rng.random(len(TS)) < 0.5) == []
    assert told(np.ones(len(TS), bool)) == []


def test_failed_calls_have_no_usage_to_tell() -> None:
    failed = TS >= LOST
    assert told(failed, outcome=np.where(failed, "error", "ok")) == []
