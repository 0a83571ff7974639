"""``watchkeeper migrations``."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.api.migrating.world import World
from tests.cli.command import Ran, Watchkeeper
from watchkeeper.clock import ManualClock
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def world(shared_store: Store) -> World:
    made = World(shared_store, "[bold]chat", ManualClock(datetime.now(UTC)))
    made.past(calls=200)
    return made


@pytest.fixture
def started(world: World, on_store: Watchkeeper) -> Iterator[str]:
    ran = begin(on_store, "--begin-with", "canary_5", "--limit", "error_ratio=3", "--gate", "canary_5.calls=9")
    assert ran.code == 0, ran.err
    yield json.loads(ran.out)["id"]


def begin(on_store: Watchkeeper, *more: str) -> Ran:
    return on_store("migrations", "start", "[bold]chat", "--to", "openai/new", "-m", "cheaper", *more)


def test_a_migration_is_begun_shown_moved_and_reported(started: str, world: World, on_store: Watchkeeper) -> None:
    assert started in on_store("migrations").out
    shown = on_store("migrations", "show", started).out
    assert "old 95 %, new 5 %" in shown and "[bold]chat" in shown and "hold: canary_5 needs 9 more calls" in shown
    assert on_store("migrations", "promote", started, "-m", "go").out == "[bold]chat: canary_25\n"
    assert on_store("migrations", "pause", started, "-m", "wait").out == "[bold]chat: canary_25 (paused)\n"
    assert on_store("migrations", "resume", started, "-m", "on").out == "[bold]chat: canary_25\n"
    assert world.shares() == {"old": 75, "new": 25}
    assert on_store("migrations", "rollback", started, "-m", "no").out == "[bold]chat: rolled_back\n"
    assert world.shares() == {"old": 100}
    report = on_store("migrations", "report", started)
    assert report.out.startswith("# Migration of route \\[bold\\]chat\n")
    assert json.loads(on_store("migrations", "report", started, "--json").out)["migration"]["phase"] == "rolled_back"
    assert on_store("migrations", "list", "--active", "--csv").out.count("\n") == 1


def test_ids_are_whole_in_a_narrow_terminal_and_shadows_are_shown(
    world: World, on_store: Watchkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = json.loads(begin(on_store, "--begin-with", "shadow").out)["id"]
    shown = on_store("migrations", "show", made).out
    assert "weights        old 100 %\n" in shown and "shadow         new 20 %\n" in shown
    monkeypatch.setenv("COLUMNS", "80")
    assert made in on_store("migrations").out


@pytest.mark.usefixtures("world")
def test_what_is_wrong_is_said(on_store: Watchkeeper) -> None:
    for words, named in (
        (("--limit", "error_ratio=x"), "write NAME=NUMBER"),
        (("--limit", "errors=2"), "there is no limit 'errors'"),
        (("--from", "old"), "write PROVIDER/MODEL"),
        (("--begin-with", "full"), "choose one of evaluation, shadow, canary_5"),
    ):
        ran = begin(on_store, *words)
        assert (ran.code, named in ran.err) == (2, True), ran.err
    ran = on_store("migrations", "cancel", "nothing", "-m", "x")
    assert (ran.code, "No such migration" in ran.err) == (2, True)
