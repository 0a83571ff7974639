"""Exactly once through kill -9: raw rows and both rollups are equal to what was sent."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.watchkeeper.storage import crash_writer

pytestmark = pytest.mark.clickhouse

KILLS = int(os.environ.get("TEST_STORE_KILLS", "3"))
ROOT = Path(__file__).parents[3]

CHECK = """
import sys
from pathlib import Path
from tests.watchkeeper.storage.crash_writer import ROWS, begun, open_store, recover
store, last = open_store(Path(sys.argv[1])), begun(Path(sys.argv[2]))
recover(store, last, "check")
wrong = {}
for table in ("calls", "calls_1m", "calls_1h", "calls_1d"):
    rows = store.query_rows(f"SELECT route, sum(calls) AS calls FROM {table} GROUP BY route")
    counts = {row["route"]: row["calls"] for row in rows}
    wrong[table] = {n: counts.get(f"b{n}", 0) for n in range(last + 1) if counts.get(f"b{n}") != ROWS}
print(f"RESULT {last} {wrong}")
"""
"""In a process of its own: one engine path per process."""


def kill_in_the_middle(directory: Path, journal: Path, chance: random.Random) -> None:
    writer = subprocess.Popen([sys.executable, "-m", crash_writer.__name__, str(directory), str(journal)], cwd=ROOT)
    target = crash_writer.begun(journal) + 1 + chance.randrange(3)
    deadline = time.monotonic() + 60
    while crash_writer.begun(journal) < target:
        assert writer.poll() is None and time.monotonic() < deadline
        time.sleep(0.001)
    time.sleep(chance.random() * 0.15)
    writer.send_signal(signal.SIGKILL)
    writer.wait()


@pytest.mark.timeout(60 + 30 * KILLS)
def test_a_writer_killed_at_random_moments_stores_each_call_once(tmp_path: Path) -> None:
    directory, journal = tmp_path / "data", tmp_path / "journal"
    journal.touch()
    chance = random.Random(KILLS)
    for _ in range(KILLS):
        kill_in_the_middle(directory, journal, chance)
    check = [sys.executable, "-c", CHECK, str(directory), str(journal)]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    last = crash_writer.begun(journal)
    fine: dict[str, object] = {name: {} for name in ("calls", "calls_1m", "calls_1h", "calls_1d")}
    assert f"RESULT {last} {fine}" in done.stdout, done
