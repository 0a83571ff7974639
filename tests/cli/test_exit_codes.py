"""Exit codes: one table in the docs, and commands that keep to it."""

from pathlib import Path
from uuid import UUID

import pytest

from tests.cli.command import Watchkeeper
from tests.cli.test_commands import EVERY
from watchkeeper.cli.verdict import VerdictCommand

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
NOWHERE = "0" * 12
VERBS = ("show", "acknowledge", "close", "accept", "false-alarm", "reopen")


@pytest.mark.clickhouse
@pytest.mark.parametrize(
    "command",
    [
        ("health", NOWHERE),
        ("calls", "0" * 32),
        ("models", "show", "openai/nothing"),
        *(
            ("regressions", verb, NOWHERE)
            for verb in ("show", "acknowledge", "close", "accept", "false-alarm", "reopen")
        ),
        ("regressions", "comment", NOWHERE, "why?"),
        ("detectors", "explain", NOWHERE),
        ("budgets", "show", "nothing"),
        ("budgets", "remove", "nothing"),
        ("keys", "rotate", "nothing"),
        ("keys", "revoke", "nothing"),
        ("dlq", "show", str(UUID(int=0))),
        ("dlq", "replay", str(UUID(int=0))),
    ],
    ids=" ".join,
)
def test_what_is_not_there_is_a_sentence_and_exit_code_2(on_store: Watchkeeper, command: tuple[str, ...]) -> None:
    ran = on_store(*command)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("watchkeeper: ") and ran.err.count("\n") == 1


def test_every_command_whose_exit_code_is_a_verdict_has_a_row_of_its_own() -> None:
    table = PAGE.read_text().partition("## Exit codes")[2].partition("\n## ")[0]
    own = {row.split("`")[1] for row in table.splitlines() if row.startswith("| `")}
    assert own == {name for name, entry in EVERY.items() if issubclass(entry.kind, VerdictCommand)}
