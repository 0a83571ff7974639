"""The second story: a bill grew; the route moves to a cheaper model, phase by phase, to the closing report."""

import json
from datetime import UTC, datetime

from api.migrating.evaluator import Evaluator
from api.migrating.phases import Phase
from api.migrating.standing import new_id, standings
from tests.docs.worked_example_console import Console, console, next_command
from tests.docs.worked_example_models import BIG, HAIKU, MINI, MODELS
from tests.docs.worked_example_team import Team, Work
from watchkeeper.clock import ManualClock
from watchkeeper.storage.client import Store

ROUTE = "reports/summarise"
BEGIN = datetime(2026, 6, 15, tzinfo=UTC)
ADVISE = f"watchkeeper advise --route {ROUTE} --period 7d"
LOOKS_H = {
    Phase.EVALUATION: 4,
    Phase.SHADOW: 26,
    Phase.CANARY_5: 18,
    Phase.CANARY_25: 18,
    Phase.CANARY_50: 26,
    Phase.FULL: 72,
    Phase.OPTIMISE: 168,
}
"""Hours from one look of the evaluator to the next. It looks every two seconds; the example has no time for that."""
_MOST_LOOKS = 30


def told(store: Store) -> dict[str, str]:
    """The parts of the page, by name; ``store`` is empty."""
    clock = ManualClock(BEGIN)
    reports = Work(ROUTE, 60, 6_000, 500, {BIG: 85, MINI: 15})
    others = (
        Work("support/answer", 10, 1_500, 250, {BIG: 100}),
        Work("tickets/classify", 15, 700, 20, {MINI: 70, HAIKU: 30}),
    )
    team = Team(store, clock, MODELS, (reports, *others), usual_failures=0.002, unit_s=0.0)
    team.spend(7 * 24)
    reports.calls_per_hour, reports.input_tokens = 120, 9_000
    team.spend(7 * 24)
    with console(store, clock) as at:
        at.show("bill-costs", "watchkeeper costs show --by route,request_model --period 7d")
        at.show("bill-drivers", "watchkeeper costs drivers --period 7d")
        at.show("bill-advice", "watchkeeper advise --period 7d")
        started = at.show("bill-start", next_command(at.show("bill-advice-route", ADVISE), "migrate"))
        migration: str = json.loads(started)["id"]
        _through_its_phases(team, at, migration)
        at.show("bill-report", f"watchkeeper migrations report {migration}")
        at.show("bill-after", f"watchkeeper costs show --by route,request_model --period 7d --where route={ROUTE}")
        at.show("bill-end", f"watchkeeper advise --route {ROUTE} --period 7d")
        return at.printed


def _through_its_phases(team: Team, at: Console, migration: str) -> None:
    evaluator = Evaluator(team.store, team.clock, new_id)
    show = f"watchkeeper migrations show {migration}"
    phase = Phase.EVALUATION
    for _ in range(_MOST_LOOKS):
        if phase not in LOOKS_H:
            break
        team.spend(LOOKS_H[phase])
        evaluator.compare()
        evaluator.tick()
        after = standings(team.store)[0].phase
        if after is phase is Phase.CANARY_5 and "bill-canary" not in at.printed:
            at.show("bill-canary", show)
            at.show("bill-routes", f"watchkeeper routes show {ROUTE}")
        phase = after
    assert phase is Phase.DONE, at.run(show)
