"""``watchkeeper up`` as users run it: a process of its own, real exporters, real signals."""

import socket
import time
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from tests.e2e.exporters import over_grpc, over_http, send_calls
from tests.e2e.load import Load
from tests.e2e.stored import stored
from tests.fixtures.service import command, running_up, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.clickhouse]

UNDER_LOAD = 25
"""Acknowledged requests after which a process under load is ended."""


def test_calls_from_the_opentelemetry_sdk_come_out_priced(tmp_path: Path) -> None:
    with running_up(tmp_path) as up:
        send_calls(over_http(up.otlp_http), "web", 30)
        send_calls(over_grpc(up.otlp_grpc), "worker", 12)
        rows = {row["service"]: row for row in up.rows()}
        assert {service: row["calls"] for service, row in rows.items()} == {"web": 30, "worker": 12}
        web = rows["web"]
        assert (web["provider"], web["model"], web["outcomes"]) == ("openai", "gpt-4o-mini-2024-07-18", {"ok": 30})
        assert (web["input_tokens"], web["output_tokens"]) == (3_000, 600)
        assert Decimal(web["cost_usd"]) == 30 * Decimal("0.000027")
        metrics = httpx.get(f"{up.api}/metrics", trust_env=False).text
        assert 'watchkeeper_spans_total{source="otlp"} 42.0' in metrics
        assert "watchkeeper_remembered_calls 42.0" in metrics
        assert up.end() == 0
        assert not (up.data_dir / "watchkeeper-up.json").exists()


def test_sigterm_under_load_ends_soon_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    with running_up(tmp_path) as up:
        load = Load(up.otlp_http)
        with load.running():
            wait_until(lambda: len(load.acknowledged) >= UNDER_LOAD, up.part, "acknowledgements")
            began = time.monotonic()
            assert up.end() == 0
            took = time.monotonic() - began
        assert took < 10, up.log()
    found = stored(up.data_dir)
    assert load.acknowledged <= set(found.calls)
    assert found.is_once()


def test_after_kill_9_under_load_everything_acknowledged_is_there_once(tmp_path: Path) -> None:
    with running_up(tmp_path) as up:
        load = Load(up.otlp_http)
        with load.running():
            wait_until(lambda: len(load.acknowledged) >= UNDER_LOAD, up.part, "acknowledgements")
            up.kill()
    survived = set(load.acknowledged)
    with running_up(tmp_path) as up:
        load.send_again(up.otlp_http)
        assert up.end() == 0
    found = stored(up.data_dir)
    assert survived <= set(found.calls) == set(load.sent)
    assert found.is_once()


def test_a_second_process_on_the_directory_is_told_and_commands_ask_the_first(tmp_path: Path) -> None:
    with running_up(tmp_path) as up:
        second = command("up", "--data-dir", up.data_dir)
        assert second.returncode == 2
        assert str(up.data_dir) in second.stderr and "another process" in second.stderr
        assert "Traceback" not in second.stderr
        doctor = command("doctor", "--no-kafka", "--data-dir", up.data_dir)
        assert doctor.returncode == 0, doctor.stdout
        assert "held by a running process that is ready" in doctor.stdout
        send_calls(over_http(up.otlp_http), "web", 5)
        repriced = command("reprice", "--from", "2026-01-01", "--dry-run", "--data-dir", up.data_dir)
        assert repriced.returncode == 0, repriced.stderr
        assert "difference in all: 0.000000 $" in repriced.stdout
        assert up.calls() == 5


def test_dead_letters_of_a_running_process_are_listed_shown_and_replayed(tmp_path: Path) -> None:
    garbage = b"\xff\xff no OTLP"
    with running_up(tmp_path) as up:
        headers = {"content-type": "application/x-protobuf"}
        answer = httpx.post(f"{up.otlp_http}/v1/traces", content=garbage, headers=headers, trust_env=False)
        assert answer.status_code == 400
        (letter,) = up.get("/v1/dead-letters")
        shown = command("dlq", "show", letter["id"], "--data-dir", up.data_dir)
        assert f"bytes        {len(garbage)}\n" in shown.stdout, shown.stderr
        listed = command("dlq", "list", "--format", "json", "--data-dir", up.data_dir)
        assert letter["id"] in listed.stdout
        replayed = command("dlq", "replay", "--all", "--data-dir", up.data_dir)
        assert replayed.returncode == 1
        assert f"{letter['id']}  malformed_protobuf" in replayed.stdout
        # It is bad still, and waits once: not once more for every replay.
        (waiting,) = up.get("/v1/dead-letters", waiting="true")
        assert waiting["id"] != letter["id"]
        missing = command("dlq", "show", "00000000-0000-0000-0000-000000000009", "--data-dir", up.data_dir)
        assert (missing.returncode, "No such dead letter" in missing.stderr) == (2, True)


@pytest.mark.parametrize("port", ["--otlp-http-port", "--otlp-grpc-port", "--api-port"])
def test_a_port_in_use_is_a_sentence_and_ends_the_process(tmp_path: Path, port: str) -> None:
    ports = dict.fromkeys(("--otlp-http-port", "--otlp-grpc-port", "--api-port"), "0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports[port] = str(taken.getsockname()[1])
        options = [word for pair in ports.items() for word in pair]
        ran = command("up", "--data-dir", tmp_path / "data", *options)
    assert ran.returncode == 2
    assert ports[port] in ran.stderr and "WATCHKEEPER_" in ran.stderr and "Traceback" not in ran.stderr
    assert not (tmp_path / "data" / "watchkeeper-up.json").exists()


def test_tokens_guard_the_receivers_and_the_api(tmp_path: Path) -> None:
    settings = {"WATCHKEEPER_TOKENS": "one,two"}
    with running_up(tmp_path, settings) as up:
        url = f"{up.otlp_http}/v1/traces"
        headers = {"content-type": "application/x-protobuf"}
        assert httpx.post(url, content=b"", headers=headers, trust_env=False).status_code == 401
        known = {**headers, "authorization": "Bearer two"}
        assert httpx.post(url, content=b"", headers=known, trust_env=False).status_code == 200
        assert httpx.get(f"{up.api}/v1/summary", trust_env=False).status_code == 401
        listed = command("dlq", "list", "--format", "json", "--data-dir", up.data_dir, settings=settings)
        assert (listed.returncode, listed.stdout) == (0, "")
        # Whoever may read the data directory needs no token of their own; whoever may not, does.
        own = command("dlq", "list", "--format", "json", "--data-dir", up.data_dir)
        assert (own.returncode, own.stdout) == (0, "")
        from_afar = {"WATCHKEEPER_API_URL": up.api, "WATCHKEEPER_DATA_DIR": str(tmp_path / "other")}
        refused = command("keys", "list", settings=from_afar)
        assert (refused.returncode, "WATCHKEEPER_TOKENS" in refused.stderr) == (2, True)
