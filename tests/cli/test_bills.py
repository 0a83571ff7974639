"""``watchkeeper costs reconcile | what-if`` and ``models catalog`` on a small store."""

import json
from pathlib import Path

import pytest

from tests.api import bills
from tests.cli.command import Watchkeeper
from tests.fixtures.store import call_rows
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

USAGE = {"model": "gpt-4o-2024-08-06", "num_model_requests": 10, "input_tokens": 10_000, "output_tokens": 1_000}
PERIOD = ("--from", "2026-05-28", "--to", "2026-05-29")


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    file = tmp_path / "usage.json"
    file.write_bytes(bills.openai_usage(USAGE))
    return file


@pytest.mark.parametrize(("calls", "code", "said"), [(10, 0, "AGREES."), (7, 2, "DIFFERS."), (0, 3, "CANNOT TELL.")])
def test_the_verdict_is_the_exit_code(
    on_store: Watchkeeper, shared_store: Store, bill: Path, calls: int, code: int, said: str
) -> None:
    shared_store.insert_arrow("calls", call_rows(calls), "a")
    ran = on_store("costs", "reconcile", bill, "--provider", "openai")
    assert (ran.code, said in ran.out) == (code, True), ran.err
    assert on_store("costs", "reconcile", bill, "--csv").code == code
    as_json = on_store("costs", "reconcile", bill, "--json")
    assert (as_json.code, json.loads(as_json.out)["provider_total"]["requests"]) == (code, 10)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--provider", "anthropic"), "Another provider's export"),
        (("--provider", "acme"), "export_of"),
        (("--tolerance", "2"), "--tolerance"),
    ],
    ids=range(3),
)
def test_what_is_wrong_ends_with_1(on_store: Watchkeeper, bill: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = on_store("costs", "reconcile", bill, *arguments)
    assert ran.code == 1
    assert said in ran.err


def test_a_bill_that_is_not_there_is_told(on_store: Watchkeeper, tmp_path: Path) -> None:
    ran = on_store("costs", "reconcile", tmp_path / "gone.csv")
    assert ran.code == 1
    assert "gone.csv cannot be read: No such file" in ran.err


def test_what_another_model_would_cost(on_store: Watchkeeper, shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(10, route="chat"), "a")
    shared_store.insert_arrow("calls", call_rows(5, seed=1, route="search"), "b")
    asked = ("costs", "what-if", "--model", "openai/gpt-4o-mini", "--model", "claude-haiku-4-5", *PERIOD)
    ran = on_store(*asked, "--route", "chat")
    assert ran.code == 0, ran.err
    assert "openai/gpt-4o-mini" in ran.out and "(-94.0%)" in ran.out and "10 calls" in ran.out
    answer = json.loads(on_store(*asked, "--by", "route", "--cached", "0.5", "--json").out)
    assert [(row["scenario"], row["group"]["route"]) for row in answer["rows"]] == [
        ("openai/gpt-4o-mini, more cache", "chat"),
        ("openai/gpt-4o-mini, more cache", "search"),
        ("claude-haiku-4-5, more cache", "chat"),
        ("claude-haiku-4-5, more cache", "search"),
    ]


def test_self_hosting_asks_for_what_it_lacks(on_store: Watchkeeper, shared_store: Store, tmp_path: Path) -> None:
    shared_store.insert_arrow("calls", call_rows(10), "a")
    body = tmp_path / "question.json"
    body.write_text('{"self_hosting": {"gpu_usd_per_hour": 2.5}}')
    ran = on_store("costs", "what-if", "--body", body, *PERIOD)
    assert "self-hosting: cannot tell: see missing" in ran.out
    assert "missing tokens_per_second: input and output tokens a second" in ran.out
    body.write_text(
        '{"self_hosting": {"gpu_usd_per_hour": 2.5, "gpus_per_replica": 1, "tokens_per_second": 1000, '
        '"utilisation": 0.5, "engineer_hours_per_month": 0, "engineer_usd_per_hour": 0}}'
    )
    assert "self-hosting pays from 17,143 calls a day" in on_store("costs", "what-if", "--body", body, *PERIOD).out


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "is no JSON"), ("[]", "holds no JSON object"), ('{"scenarios": [{"modell": 1}]}', "modell")],
)
def test_a_question_that_is_none_is_told(on_store: Watchkeeper, tmp_path: Path, text: str, said: str) -> None:
    body = tmp_path / "question.json"
    body.write_text(text)
    ran = on_store("costs", "what-if", "--body", body)
    assert ran.code == 2
    assert said in ran.err


def test_both_kinds_of_cache_at_once_make_no_sense(on_store: Watchkeeper) -> None:
    assert "exclude each other" in on_store("costs", "what-if", "--no-cache", "--cached", "0.5").err


def test_the_catalogue_is_listed_and_searched(on_store: Watchkeeper) -> None:
    ran = on_store("models", "catalog", "gpt-4o-mini", "--provider", "openai", "--tools")
    assert ran.code == 0, ran.err
    assert "gpt-4o-mini" in ran.out and "128k" in ran.out and "0.15 / 0.6" in ran.out
    (row,) = json.loads(on_store("models", "catalog", "gpt-4o-mini", "--provider", "openai", "--tools", "--json").out)[
        "rows"
    ]
    assert row["context_tokens"] == 128_000


def test_a_catalogue_file_that_is_wrong_is_told(
    on_store: Watchkeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "catalog.yaml"
    file.write_text("version: v\nmodels: [{provider: a}]\n")
    monkeypatch.setenv("WATCHKEEPER_CATALOG_FILE", str(file))
    ran = on_store("models", "catalog")
    assert ran.code == 2
    assert "models[0].model: Field required" in ran.err
