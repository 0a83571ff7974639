"""``watchkeeper costs``, and the questions of every command that asks the API."""

import csv
import io
import json
from typing import Any

import pytest

from tests.cli.command import Watchkeeper
from tests.fixtures.store import call_rows
from watchkeeper.cli.asking import Output, Question, conditions
from watchkeeper.errors import ConfigError
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse
PERIOD = ("--from", "2026-05-28", "--to", "2026-05-29")
NO_PRICE: dict[str, Any] = {
    "cost_status": "unpriced",
    **dict.fromkeys(("cost_usd", "cost_input_usd", "cost_output_usd")),
}


@pytest.fixture
def stored(shared_store: Store) -> None:
    outcomes = ["ok"] * 8 + ["refused"] * 2
    shared_store.insert_arrow("calls", call_rows(10, outcome=outcomes, tenant="acme"), "a")
    shared_store.insert_arrow("calls", call_rows(4, model="house", **NO_PRICE), "b")


@pytest.mark.usefixtures("stored")
def test_names_are_whole_on_a_narrow_terminal(on_store: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert "gpt-4o-2024-08-06" in on_store("costs", "--by", "model,route", *PERIOD).out


@pytest.mark.usefixtures("stored")
def test_a_table_says_what_each_group_cost_and_what_it_leaves_out(on_store: Watchkeeper) -> None:
    ran = on_store("costs", "--by", "model,route", *PERIOD)
    assert ran.code == 0, ran.err
    priced, unpriced, total = (line.split() for line in ran.out.splitlines() if " chat " in line or " all " in line)
    assert [word for word in priced if word[0] not in "│┃"][:4] == ["gpt-4o-2024-08-06", "chat", "10", "$0.035"]
    assert [word for word in unpriced if word[0] not in "│┃"][:4] == ["house", "chat", "4", "?"]
    assert "14" in total
    assert "4 calls have tokens but no price: they are in no sum" in ran.out
    assert "wasted $0.007: refused $0.007" in ran.out
    assert "2026-05-28 00:00 to 2026-05-29 00:00 UTC, from calls_1h" in ran.out


@pytest.mark.usefixtures("stored")
def test_json_and_csv_are_what_the_api_answers(on_store: Watchkeeper) -> None:
    answer = json.loads(on_store("costs", "show", "--by", "model", "--json", *PERIOD).out)
    assert [row["group"]["model"] for row in answer["rows"]] == ["gpt-4o-2024-08-06", "house"]
    rows = list(csv.DictReader(io.StringIO(on_store("costs", "--by", "model", "--csv", *PERIOD).out)))
    assert [row["cost_usd"] for row in rows] == [row["cost_usd"] or "" for row in answer["rows"]]


@pytest.mark.usefixtures("stored")
def test_where_restricts(on_store: Watchkeeper) -> None:
    answer = json.loads(
        on_store("costs", "--where", "tenant=acme", "--where", "outcome=refused", "--json", *PERIOD).out
    )
    assert (answer["totals"]["calls"], answer["source"]) == (2, ["calls"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--json", "--csv"), "exclude each other"),
        (("--where", "gpt-4o"), "write COLUMN=VALUE"),
        (("--where", "modle=gpt-4o"), "no parameter 'modle'"),
        (("--by", "colour"), "cannot group by 'colour'"),
        (("--period", "soon"), "24h"),
        (("--api", "localhost:8080"), "begins with http"),
        (("--api", "http://127.0.0.1:9"), "does not answer"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_exit_code_2(
    on_store: Watchkeeper, arguments: tuple[str, ...], said: str
) -> None:
    ran = on_store("costs", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err and "Traceback" not in ran.err


def test_the_words_of_a_command_line_become_parameters() -> None:
    words = ["model=a", "model=b", "tag.team=red=1"]
    assert conditions(words) == {"model": ["a", "b"], "tag": ["team=red=1"]}
    assert Question("/", {"a": "", "b": None, "c": [], "d": 0, "e": ["x"]}).sent == {"d": 0, "e": ["x"]}
    assert Output.of(False, True) is Output.CSV
    with pytest.raises(ConfigError, match="exclude"):
        Output.of(True, True)
