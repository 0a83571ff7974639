"""The simulation of comparisons, small: equal models hardly ever differ, planted differences are found."""

from dataclasses import replace
from pathlib import Path

import pytest

from api.comparing.verdict import Verdict
from benchmarks.compare_pairs import ALL, Pair, count, seen
from benchmarks.compare_plan import CLAIMED, Plan
from benchmarks.compare_traffic import Law
from benchmarks.compare_truth import Simulation, write_figures
from benchmarks.detection.report import Table

LOOKS = (500, 1_000, 2_000)


@pytest.mark.parametrize("name", CLAIMED)
def test_equal_models_hardly_ever_differ(name: str) -> None:
    pairs = [replace(pair, looks=LOOKS) for pair in Plan(pairs=25).claimed(name)]
    assert count([seen(pair) for pair in pairs], Verdict.WORSE, Verdict.BETTER) <= 1


def test_a_large_difference_is_found_and_says_so_over_all_metrics() -> None:
    found = seen(Pair(Law(), Law(slower=0.7), LOOKS, (1,)))
    assert found.ever(Verdict.WORSE) == {"latency"}
    assert found.last[ALL] == found.last["latency"] == Verdict.WORSE
    assert found.first["latency"][Verdict.WORSE] in LOOKS


def test_equal_seeds_give_equal_answers_in_whatever_process() -> None:
    plan = Plan(pairs=2, harder=1, power=1)
    pair = plan.claimed("same model, same traffic")[0]
    assert seen(pair) == seen(pair)
    tables = [Simulation(plan, processes).seen("", plan.claimed(next(iter(CLAIMED)))) for processes in (1, 2)]
    assert tables[0] == tables[1]


def test_figures_go_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n")
    write_figures(page, [Table("shares", ("a", "b"), [("1", "2")])], seed=3)
    text = page.read_text()
    assert text.startswith("before\n<!-- figures -->\nSeed 3,") and text.endswith("<!-- /figures -->\nafter\n")
    assert "| 1 | 2 |" in text and "old" not in text
    page.write_text("nothing")
    with pytest.raises(ValueError, match="lacks"):
        write_figures(page, [], seed=3)
