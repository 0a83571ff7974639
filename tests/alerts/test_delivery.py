"""Three channels away, a process killed twice: every message arrives, none twice; the fourth channel is not delayed."""

from pathlib import Path

import pytest

from benchmarks.alert_delivery import AWAY, THERE, Trial, run

pytestmark = [pytest.mark.e2e, pytest.mark.clickhouse]


def test_every_message_arrives_once_by_its_key(tmp_path: Path) -> None:
    seen = run(Trial(seconds=5, cases=8, seed=5), tmp_path)
    assert seen.refused, "the channels were not away while something was to be sent"
    assert len(seen.due) == len(seen.plan) >= 8
    assert seen.faults() == []
    # Killed after it was taken and before that was known: it came again, under the key that tells.
    assert seen.repeated(THERE) == 1
    assert [seen.repeated(channel) for channel in AWAY] == [0, 0, 0]
