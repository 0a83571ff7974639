"""The first story: a provider fails more today; the route goes elsewhere, and back when it is well again."""

import threading
import time
from collections import Counter
from datetime import UTC, datetime

from tests.docs import tutorial
from tests.docs.worked_example_console import Console, console, next_command
from tests.docs.worked_example_models import AZURE, BIG, HAIKU, MINI, MODELS
from tests.docs.worked_example_team import Team, Work
from watchkeeper.clock import ManualClock
from watchkeeper.storage.client import Store
from watchkeeper_sdk import configure_routes, route, routing
from watchkeeper_sdk.routing_following import FollowTimes

ROUTE = "support/answer"
BEGIN = datetime(2026, 5, 20, tzinfo=UTC)
ADVISE = f"watchkeeper advise --route {ROUTE}"
_CUSTOMERS = 1_000
_PATIENCE_S = 20.0
_QUICK = FollowTimes(wait_s=5.0, again_s=0.05, patient_after_s=0.2, back_off_s=(0.05, 0.1))
_MOST_LOOKS = 12


def told(store: Store) -> dict[str, str]:
    """The parts of the page, by name; ``store`` is empty."""
    clock = ManualClock(BEGIN)
    team = Team(
        store,
        clock,
        MODELS,
        (
            Work(ROUTE, 240, 1_500, 250, {BIG: 100}),
            Work("contracts/extract", 40, 6_000, 600, {AZURE: 100}),
            Work("tickets/classify", 60, 700, 20, {MINI: 70, HAIKU: 30}),
        ),
    )
    team.spend(24 + 6)
    team.unit_s = 300.0
    team.spend(3)
    team.failing[BIG] = 0.3
    with console(store, clock) as at:
        _degraded(team, at)
        tutorial.looked_at(team, at, ROUTE)
        _moved(team, at)
        team.failing.clear()
        _recovered(team, at)
        _back(team, at)
        return at.printed


def _degraded(team: Team, at: Console) -> None:
    assert not _open(at), "nothing is wrong yet"
    for _ in range(_MOST_LOOKS):
        team.spend(1 / 6)
        if _open(at):
            break
    at.show("away-health", "watchkeeper health --period 1h --by route,provider,request_model")
    at.show("away-regressions", "watchkeeper regressions list")
    at.show("away-advice", "watchkeeper advise")
    at.show("away-advice-route", ADVISE)


def _moved(team: Team, at: Console) -> None:
    team.unit_s = 3_600.0
    at.show("away-set", next_command(at.printed["away-advice-route"], "re-route"))
    at.put("away-picks", _picks(at, str(AZURE)))
    team.spend(4)
    at.show("away-probe-set", next_command(at.show("away-probe", ADVISE), "stay"))
    at.put("away-probe-picks", _picks(at, str(BIG)))


def _recovered(team: Team, at: Console) -> None:
    for _ in range(_MOST_LOOKS):
        team.spend(6)
        if not _open(at):
            break
    tutorial.ended(team, at)
    at.show("away-closed", ADVISE)


def _back(team: Team, at: Console) -> None:
    team.spend(24)
    at.run(next_command(at.show("away-back", ADVISE), "re-route"))
    team.spend(1)
    at.show("away-routes", f"watchkeeper routes show {ROUTE}")
    at.show("away-end", ADVISE)


def _open(at: Console) -> bool:
    rows = at.ask("watchkeeper regressions list")["rows"]
    return any(row["state"] != "closed" and row["kind"] == "regression" for row in rows)


def _picks(at: Console, wanted: str) -> str:
    """Which models an application picks for its customers, once ``wanted`` is among them."""
    configure_routes(at.url, api_key="", cache="", first_wait_s=10.0, times=_QUICK)
    deadline = time.monotonic() + _PATIENCE_S
    try:
        while True:
            picks = [route(ROUTE, BIG.name, provider=BIG.provider, key=customer) for customer in range(_CUSTOMERS)]
            found = Counter(f"{pick.provider}/{pick.model} ({pick.variant})" for pick in picks)
            if any(name.startswith(f"{wanted} ") for name in found):
                return "\n".join(f"{name:36} {customers:5,} customers" for name, customers in found.most_common())
            assert time.monotonic() < deadline, found
            threading.Event().wait(0.01)
    finally:
        follower, routing._follower = routing._follower, None
        if follower is not None:
            follower.stop()
