"""A migration as its page shows it: phases, gates, measurements."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from api.migrating.models import DecisionItem, MigrationAnswer, MigrationItem, OutlookItem, ServedItem
from api.migrating.phases import Phase
from api.web.migration_shown import gate_rows, measured_rows, phase_steps, waits_for

AT = datetime(2026, 6, 1, tzinfo=UTC)
FACTS: dict[str, float | None] = {
    "phase.candidate.calls": 80.0,
    "phase.hours": 4.0,
    "minutes.baseline.error_rate": 0.01,
    "minutes.candidate.error_rate": None,
    "so_far.baseline.p95_s": 1.5,
    "so_far.candidate.p95_s": 2.25,
}


def decision(seq: int, phase: Phase) -> DecisionItem:
    return DecisionItem(
        seq=seq, step="promote", phase=phase, phase_began_at=AT, paused=False, reason="x", warnings={},
        decided_by="ops", decided_at=AT, weights_version=1, facts={},
    )  # fmt: skip


def answer(*phases: Phase, verdict: str = "cannot_tell", compared: str = "a; b", **values: Any) -> MigrationAnswer:
    served = ServedItem(provider="openai", model="gpt-4o")
    given: dict[str, Any] = {"paused": False, "warnings": {}, **values}
    migration = MigrationItem(
        id="m", route="chat", baseline=served, candidate=served, phase=phases[-1], phase_began_at=AT,
        active=phases[-1] not in (Phase.DONE, Phase.ROLLED_BACK, Phase.CANCELLED), last_step="promote",
        last_reason="x", decided_by="ops", decided_at=AT, advice="", reason="x", created_by="ops", created_at=AT,
        paused=given["paused"], warnings=given["warnings"],
    )  # fmt: skip
    outlook = OutlookItem(step="hold", reason="x", warnings={}, verdict=verdict, compared=compared, facts=FACTS)
    return MigrationAnswer(
        migration=migration, limits={}, gates={}, score="", targets=[], shadow=[], fallbacks=[],
        outlook=outlook if migration.active else None,
        decisions=[decision(seq, phase) for seq, phase in enumerate(phases, 1)],
    )  # fmt: skip


def test_phases_begin_with_the_first_and_mark_where_it_stands() -> None:
    steps = phase_steps(answer(Phase.SHADOW, Phase.CANARY_5))
    assert [(one.name, one.place) for one in steps[:3]] == [
        ("shadow", "past"), ("canary 5", "current"), ("canary 25", "ahead"),
    ]  # fmt: skip


def test_one_that_went_back_ends_with_that() -> None:
    steps = phase_steps(answer(Phase.CANARY_5, Phase.CANARY_25, Phase.ROLLED_BACK))
    assert [(one.name, one.place) for one in steps] == [
        ("canary 5", "past"), ("canary 25", "past"), ("rolled back", "current"),
    ]  # fmt: skip
    assert gate_rows(answer(Phase.CANARY_5, Phase.ROLLED_BACK)) == ()


def test_a_gate_says_what_is_met_and_what_it_waits_for() -> None:
    rows = gate_rows(answer(Phase.CANARY_5))
    assert [(one.state, one.so_far) for one in rows] == [
        ("not yet", ("80",)), ("met", ("4.0",)), ("cannot tell", ("a", "b")), ("met", ("none",)), ("met", ("none",)),
    ]  # fmt: skip
    assert waits_for(rows) == ("calls of the candidate", "verdict of the comparison")


@pytest.mark.parametrize(
    ("verdict", "kind"), [("better", "good"), ("not_worse", "good"), ("worse", "bad"), ("cannot_tell", "unsure")]
)
def test_only_a_good_verdict_opens_the_gate(verdict: str, kind: str) -> None:
    (row,) = [one for one in gate_rows(answer(Phase.CANARY_5, verdict=verdict)) if one.name.startswith("verdict")]
    assert row.kind == kind


def test_no_verdict_is_asked_for_while_prompts_are_tuned() -> None:
    (row,) = [one for one in gate_rows(answer(Phase.OPTIMISE)) if one.name.startswith("verdict")]
    assert (row.kind, row.needed) == ("good", "none is asked for")


def test_warnings_and_a_pause_keep_it_shut() -> None:
    rows = gate_rows(answer(Phase.CANARY_5, verdict="better", paused=True, warnings={"error_ratio": "x"}))
    assert waits_for(rows) == ("calls of the candidate", "warnings", "pause")


def test_what_is_not_known_is_unknown_and_not_nought() -> None:
    rows = {(one.window, one.name): (one.baseline, one.candidate) for one in measured_rows(answer(Phase.CANARY_5))}
    assert rows == {
        ("last minutes", "error rate"): ("1 %", "unknown"),
        ("this phase", "95th percentile of time"): ("1.50 s", "2.25 s"),
    }
    unknown = answer(Phase.CANARY_5)
    assert unknown.outlook is not None
    unknown.outlook.facts["phase.candidate.calls"] = None
    first = gate_rows(unknown)[0]
    assert replace(first, name="") == replace(first, name="", state="cannot tell", so_far=("unknown",))
