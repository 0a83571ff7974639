"""``watchkeeper routes``."""

import csv
import io
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pyarrow as pa
import pytest

import api.routing.watch
from tests.api.route_server import PATIENCE_S, served
from tests.cli.command import Watchkeeper
from tests.fixtures.store import call_rows
from tests.watchkeeper.storage.test_route_weights import WEIGHTS
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import count_versions, write

pytestmark = pytest.mark.clickhouse

SPLIT = ("--to", "openai/gpt-4o=95", "--to", "vllm/org/model=5")


def test_names_from_calls_do_not_steer_the_terminal(on_store: Watchkeeper, shared_store: Store) -> None:
    now = pa.array([int(datetime.now(UTC).timestamp() * 1e6) - 1_000_000])
    shared_store.insert_arrow("calls", call_rows(1, ts=now, route="a\x1b[2Jb\x9bc\x07"), "a")
    listed = on_store("routes").out
    assert "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}" in listed
    assert not set("\x1b\x9b\x07") & set(listed)


def test_from_setting_to_exporting(on_store: Watchkeeper, shared_store: Store) -> None:
    now = pa.array([int(datetime.now(UTC).timestamp() * 1e6) - 1_000_000] * 3)
    shared_store.insert_arrow("calls", call_rows(3, ts=now, route="[bold]"), "a")
    made = on_store(
        "routes", "set", "shop/a b", *SPLIT, "--fallback", "anthropic/c", "--shadow", "x/y=10", "--reason", "why not"
    )
    assert made.code == 0, made.err
    document = json.loads(made.out)
    assert [(one["provider"], one["model"], one["weight"], one["variant"]) for one in document["targets"]] == [
        ("openai", "gpt-4o", 95, "primary"),
        ("vllm", "org/model", 5, "canary"),
    ]
    listed = on_store("routes").out
    assert "openai/gpt-4o 95\u00a0%, vllm/org/model 5\u00a0%" in listed and "version 1, " in listed
    assert "[bold]" in listed and "observed, 3 calls in the last week" in listed
    assert "[bold]" not in on_store("routes", "list", "--no-observed").out
    shown = on_store("routes", "show", "shop/a b").out
    assert "shadow     x/y 10\u00a0%" in shown and "fallbacks  anthropic/c\n" in shown and "reason     why not" in shown
    assert json.loads(on_store("routes", "show", "shop/a b", "--json").out) == document
    rows = list(csv.DictReader(io.StringIO(on_store("routes", "list", "--csv").out)))
    assert [(row["route"], row["version"]) for row in rows] == [("[bold]", "0"), ("shop/a b", "1")]
    exported = on_store("routes", "export", "shop/a b", "--format", "env")
    assert "LLM_ROUTE_SHOP_A_B_MODEL=gpt-4o\n" in exported.out and "sends no shadow calls" in exported.err
    every = on_store("routes", "export")
    assert [one["model_name"] for one in json.loads(every.out)["model_list"]] == ["shop/a b"] * 2 + [
        "shop/a b#fallback-1"
    ]


def test_a_version_that_is_no_longer_there_is_refused(on_store: Watchkeeper) -> None:
    assert on_store("routes", "set", "chat", *SPLIT, "--version", "0").code == 0
    refused = on_store("routes", "set", "chat", "--to", "openai/a=100", "--version", "0")
    assert refused.code == 2 and "version 1 now" in refused.err
    assert on_store("routes", "set", "chat", "--to", "openai/a=100", "--version", "1").code == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("show", "nobody"), "neither weights nor calls"),
        (("export", "nobody"), "neither weights nor calls"),
        (("set", "chat", "--to", "gpt-4o"), "write PROVIDER/MODEL=PERCENT"),
        (("set", "chat", "--to", "gpt-4o=100"), "names no provider"),
        (("set", "chat", "--to", "openai/a=ninety"), "write PROVIDER/MODEL=PERCENT"),
        (("set", "chat", "--to", "openai/a=99"), "add up to 99"),
        (("set", "chat", *SPLIT, "--fallback", "c"), "names no provider"),
        (("set", "chat", *SPLIT, "--shadow", "x/y"), "--shadow"),
        (("list", "--json", "--csv"), "exclude each other"),
    ],
)
def test_wrong_arguments_are_sentences(on_store: Watchkeeper, arguments: tuple[str, ...], named: str) -> None:
    ran = on_store("routes", *arguments)
    assert ran.code == 2
    assert named in ran.err and "Traceback" not in ran.err


def test_watching_tells_what_is_and_what_changes(
    watchkeeper: Watchkeeper, shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change is made once the command waits: it has told then what was there."""
    looks, waits = count(1), threading.Event()

    def counting(store: Store) -> int:
        # The first is the first answer's, the second the next one's before it waits.
        if next(looks) >= 3:
            waits.set()
        return count_versions(store)

    def change() -> None:
        waits.wait(PATIENCE_S)
        write(shared_store, replace(WEIGHTS, version=2))

    monkeypatch.setattr(api.routing.watch, "count_versions", counting)
    write(shared_store, WEIGHTS)
    write(shared_store, replace(WEIGHTS, route="still"))
    with served(shared_store) as at:
        changing = threading.Thread(target=change)
        changing.start()
        ran = watchkeeper("routes", "watch", "--api", at.url, "--changes", "1")
        changing.join(PATIENCE_S)
    assert ran.code == 0, ran.err
    told = [(line["route"], line["version"]) for line in ran.lines()]
    assert told == [(WEIGHTS.route, 1), ("still", 1), (WEIGHTS.route, 2)]
