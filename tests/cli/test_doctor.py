"""``watchkeeper doctor``: each part looked at, each fault with a hint."""

from pathlib import Path

import pytest

from tests.cli.command import Watchkeeper
from tests.fixtures.service import command
from tests.fixtures.store import call_rows
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse


def test_a_healthy_store_is_good(on_store: Watchkeeper, shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(3), "a")
    ran = on_store("doctor", "--no-kafka")
    assert ran.code == 0, ran.out
    assert "ok  store: ClickHouse " in ran.out
    assert "ok  table calls: 3 rows" in ran.out
    assert "ok  access: bound to 127.0.0.1" in ran.out
    assert "ok  detectors: e_detector, 0 rules" in ran.out
    assert "fail" not in ran.out and "kafka" not in ran.out


def test_one_fault_does_not_hide_the_others(
    on_store: Watchkeeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WATCHKEEPER_HOST", "0.0.0.0")
    monkeypatch.setenv("WATCHKEEPER_PRICE_FILE", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("WATCHKEEPER_DETECTOR_RULES_FILE", str(tmp_path / "none.rules"))
    ran = on_store("doctor", "--no-kafka")
    assert ran.code == 1
    assert "fail  prices: " in ran.out and "none.yaml" in ran.out
    assert "fail  access: bound to 0.0.0.0, 0 tokens" in ran.out and "set WATCHKEEPER_TOKENS" in ran.out
    assert "fail  detectors: " in ran.out and "none.rules" in ran.out
    assert "ok  store: " in ran.out


def test_brokers_that_do_not_answer_are_a_fault_with_a_hint(tmp_path: Path) -> None:
    settings = {"WATCHKEEPER_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    ran = command("doctor", "--data-dir", tmp_path / "data", settings=settings)
    assert ran.returncode == 1
    assert "fail  kafka: " in ran.stdout and "127.0.0.1:1" in ran.stdout and "ok  store: " in ran.stdout
    assert "Traceback" not in ran.stderr


def test_tokens_without_tls_are_a_warning(on_store: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_HOST", "0.0.0.0")
    monkeypatch.setenv("WATCHKEEPER_TOKENS", "MARKSECRET")
    ran = on_store("doctor", "--no-kafka")
    assert ran.code == 0
    assert "warn  access: bound to 0.0.0.0, 1 tokens" in ran.out and "MARK" not in ran.out
