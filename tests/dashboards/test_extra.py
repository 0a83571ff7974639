"""Without grafana-client, everything but pushing works, and pushing says what is missing."""

import subprocess
import sys

_WITHOUT = """
import sys
sys.modules["grafana_client"] = None
from watchkeeper.cli.__main__ import main
main()
"""


def test_a_push_without_the_extra_says_how_to_get_it() -> None:
    command = [sys.executable, "-c", _WITHOUT, "grafana", "diff"]
    there = {"WATCHKEEPER_GRAFANA_URL": "http://127.0.0.1:9", "WATCHKEEPER_GRAFANA_TOKEN": "x"}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=there)
    assert ran.returncode == 2
    assert "pip install 'watchkeeper[grafana]'" in ran.stderr and "Traceback" not in ran.stderr
