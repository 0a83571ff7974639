"""The vendors' real clients, the real instrumentations and a running platform: each call is stored once, and right.

Each scenario in two manners at least; with the variable ``EVERYTHING`` set, in all four.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.service import running_up
from tests.sdk.provider import Api, Scenario
from tests.sdk.provider.scenario import ANSWER_MARK, REFUSAL_TEXT

pytestmark = [pytest.mark.e2e, pytest.mark.clickhouse]

APIS = (Api.CHAT, Api.RESPONSES, Api.MESSAGES, Api.GENERATE)
OUTCOMES = {
    Scenario.OK: "ok",
    Scenario.REFUSAL: "refused",
    Scenario.FILTERED: "filtered",
    Scenario.RATE_LIMITED: "rate_limited",
    Scenario.SERVER_ERROR: "error",
    Scenario.TIMEOUT: "timeout",
    Scenario.TRUNCATED: "truncated",
    Scenario.JSON_OK: "ok",
    Scenario.JSON_INVALID: "format_invalid",
    Scenario.TOOL_CALL: "ok",
    Scenario.CACHED: "ok",
    Scenario.REASONING: "ok",
    Scenario.WORDED_REFUSAL: "refused",
    Scenario.EMPTY: "ok",
}
OTHERWISE = {
    # Gemini refuses by its filter, and says so.
    (Api.GENERATE, Scenario.REFUSAL): "filtered",
    # Anthropic has no content filter of its own: HTTP 400, an invalid request like others.
    (Api.MESSAGES, Scenario.FILTERED): "error",
}
NO_CANDIDATE = ((Api.GENERATE, Scenario.REFUSAL),)
"""A blocked prompt is not answered at all."""
WITHOUT_CONTENT = (Scenario.REFUSAL, Scenario.FILTERED, Scenario.EMPTY)
"""What has no first token need not have a time to it."""
UNANSWERED = (Scenario.RATE_LIMITED, Scenario.SERVER_ERROR, Scenario.TIMEOUT)
_SLACK_US = 2_000_000


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """What the provider saw, and the rows that the platform stored of it."""
    folder = tmp_path_factory.mktemp("real")
    seen: list[dict[str, Any]] = []
    with running_up(folder) as up:
        with ThreadPoolExecutor(len(APIS)) as applications:
            for found in applications.map(lambda api: _application(api, up.otlp_http), APIS):
                seen += found
        assert up.end() == 0
    yield seen, _rows(up.data_dir)


def _application(api: Api, endpoint: str) -> list[dict[str, Any]]:
    environment = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "PYTHONWARNINGS": "ignore"}
    everything = ["--everything"] if os.environ.get("EVERYTHING") else []
    command = [sys.executable, "-m", "tests.sdk.real_calls", api, "--phrases", *everything]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr, ran.stderr
    assert ANSWER_MARK not in ran.stderr and REFUSAL_TEXT not in ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def _rows(data_dir: Path) -> list[dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.sdk.stored_calls", str(data_dir)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ANSWER_MARK not in ran.stdout and REFUSAL_TEXT not in ran.stdout and "scenario:" not in ran.stdout
    rows: list[dict[str, Any]] = json.loads(ran.stdout)
    return rows


@pytest.mark.parametrize("api", APIS)
def test_every_call_is_stored_once_with_the_facts_that_the_provider_saw(
    api: Api, stored: tuple[list[dict[str, Any]], list[dict[str, Any]]]
) -> None:
    seen, rows = stored
    by_route = defaultdict(list)
    for row in rows:
        by_route[row["route"]].append(row)
    wrong = []
    asked = [one for one in seen if one["api"] == api]
    assert {one["scenario"] for one in asked} == set(Scenario) and len(asked) >= 2 * len(Scenario)
    for one in asked:
        found = by_route.pop(one["label"], [])
        if len(found) != 1:
            wrong.append(f"{one['label']}: stored {len(found)} times")
            continue
        wrong += [f"{one['label']} {told}" for told in _differences(one, found[0])]
    assert not wrong, "\n".join(wrong)
    assert not [route for route in by_route if route.startswith(f"{api}-")]


def _differences(seen: dict[str, Any], row: dict[str, Any]) -> Iterator[str]:
    scenario, api = Scenario(seen["scenario"]), Api(seen["api"])
    wanted: dict[str, Any] = {
        "outcome": OTHERWISE.get((api, scenario), OUTCOMES[scenario]),
        "request_model": seen["requested_model"],
        "is_stream": seen["streamed"],
    }
    if scenario not in UNANSWERED and not (api is Api.MESSAGES and scenario is Scenario.FILTERED):
        tokens = seen["tokens"]
        wanted |= {
            "model": seen["served_model"],
            "input_tokens": tokens["input"],
            "output_tokens": None if (api, scenario) in NO_CANDIDATE else tokens["output"],
            "cache_read_tokens": tokens["cache_read"],
            "cache_write_tokens": tokens["cache_write"],
            "reasoning_tokens": tokens["reasoning"],
        }
        if seen["streamed"] and seen["ttft_s"] and scenario not in WITHOUT_CONTENT:
            planned_us, ttft_us = seen["ttft_s"] * 1e6, row["ttft_us"] or 0
            if not 0.8 * planned_us <= ttft_us <= row["duration_us"] < planned_us + _SLACK_US:
                yield f"ttft_us: {row['ttft_us']} of {row['duration_us']}, planned {planned_us:.0f}"
    for name, want in wanted.items():
        got = row[name]
        if got != want and not (name.endswith("_tokens") and not got and not want):
            yield f"{name}: got {got!r}, want {want!r}"
