"""``watchkeeper regressions`` on a directory that nobody else holds: the API's answers, for people and as JSON."""

import json

import pytest

from tests.api.test_regressions import FULL, put, record
from tests.cli.command import Watchkeeper
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_actions import actions_of

pytestmark = pytest.mark.clickhouse


@pytest.fixture(autouse=True)
def _found(shared_store: Store) -> None:
    put(shared_store, FULL, record("ab", details={"before": "x"}, reason="fell silent", service="", route=""))


def test_listed_as_a_table_or_as_json(on_store: Watchkeeper) -> None:
    table = on_store("regressions", "list")
    assert table.code == 0 and "error 1.00% → 5.00%" in table.out and "openai/gpt-x on shop/chat" in table.out
    answer = json.loads(on_store("regressions", "list", "--json", "--route", "chat").out)
    assert [row["id"] for row in answer["rows"]] == ["full"]
    first = on_store("regressions", "list", "--limit", "1").out
    cursor = first.split("--cursor ")[1].split()[0]
    second = json.loads(on_store("regressions", "list", "--json", "--cursor", cursor).out)
    assert [row["id"] for row in second["rows"]] == ["full"] and "full" not in first


def test_shown_as_a_story_with_steps_and_what_people_said(on_store: Watchkeeper) -> None:
    assert on_store("regressions", "comment", "full", "a [bold] deploy").code == 0
    shown = on_store("regressions", "show", "full").out
    assert "The best explanation is “odds ×5” against the pinned baseline, from 500 calls" in shown
    assert "prompt version 1 → 2" in shown and "comment by cli: a [bold] deploy" in shown
    assert "open        rose" in shown
    other = on_store("regressions", "show", "ab").out
    assert "fell silent" in other and "before: x" in other
    assert json.loads(on_store("regressions", "show", "full", "--json").out)["actions"][0]["made_by"] == "cli"


@pytest.mark.parametrize("action", ["acknowledge", "close", "false-alarm", "accept"])
def test_what_is_said_is_stored(on_store: Watchkeeper, shared_store: Store, action: str) -> None:
    ran = on_store("regressions", action, "full", "-m", "as planned")
    assert ran.code == 0 and "the detectors obey within a minute" in ran.out
    (said,) = actions_of(shared_store, ["full"])["full"]
    assert (said.action, said.made_by, said.comment) == (action.replace("-", "_"), "cli", "as planned")


def test_a_close_is_taken_back(on_store: Watchkeeper) -> None:
    assert on_store("regressions", "close", "full").code == on_store("regressions", "reopen", "full").code == 0


def test_false_alarms_are_counted(on_store: Watchkeeper) -> None:
    on_store("regressions", "false-alarm", "full")
    table = on_store("regressions", "false-alarms").out
    assert "100%" in table and "21% to 100%" in table
    (row,) = json.loads(on_store("regressions", "false-alarms", "--json").out)
    assert (row["told"], row["judged"], row["false_alarms"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "nobody"), "No such regression: 'nobody' is not there"),
        (("close", "../reprice"), "No such page"),
        (("comment", "full", ""), "body.comment"),
        (("list", "--state", "gone"), "query.state"),
        (("list", "--since", "yesterday"), "query.since"),
    ],
    ids=["unknown", "a path", "empty", "state", "time"],
)
def test_bad_input_is_a_sentence(on_store: Watchkeeper, arguments: tuple[str, ...], said: str) -> None:
    ran = on_store("regressions", *arguments)
    assert ran.code == 2 and said in ran.err and "Traceback" not in ran.err
