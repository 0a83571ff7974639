"""The evaluator over stored calls: what it promotes, takes back, tells and leaves alone."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from api.access import Caller
from api.migrating.acting import Acting, Action
from api.migrating.beginning import Beginning
from api.migrating.models import MigrationBody, ServedModel
from api.migrating.phases import Phase
from api.migrating.standing import MigrationLog, Standing, standings
from api.migrating.triggers import Seen
from api.migrating.watching import Watching
from api.problems import Problem
from tests.api.migrating.world import BEGIN, ROUTE, Law, World
from tests.fixtures.score_rows import score_rows
from watchkeeper.clock import ManualClock
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage import model_migrations, notices, route_weights
from watchkeeper.storage.client import Store
from watchkeeper.storage.model_migrations import MigrationDecision
from watchkeeper.storage.route_weights import RouteWeights, Target

pytestmark = pytest.mark.clickhouse

SOMEBODY = Caller("key", "ann", frozenset())
_ids = count()


def new_id() -> str:
    return f"id-{next(_ids)}"


@pytest.fixture
def world(shared_store: Store) -> World:
    made = World(shared_store)
    made.past()
    return made


def begin(world: World, phase: Phase = Phase.CANARY_5, **more: Any) -> Standing:
    """A migration that begins with ``phase`` or is promoted into it."""
    candidate = ServedModel(provider="openai", model="new")
    first = phase if phase in (Phase.EVALUATION, Phase.SHADOW) else Phase.CANARY_5
    body = MigrationBody(route=world.route, candidate=candidate, begin_with=first, reason="r", **more)
    log = MigrationLog(world.store)
    standing = Beginning(world.store, log, new_id).begin(body, SOMEBODY, world.clock.now())
    while standing.phase is not phase:
        standing = act(world, standing, Action.PROMOTE)
    return standing


def act(world: World, standing: Standing, action: Action) -> Standing:
    acting = Acting(world.store, MigrationLog(world.store), new_id)
    return acting.act(standing.migration.id, action, "because", SOMEBODY, world.clock.now())


def log_of(world: World, standing: Standing) -> list[MigrationDecision]:
    return model_migrations.decisions(world.store, standing.migration.id)


def steps(world: World, standing: Standing) -> list[str]:
    return [one.step for one in log_of(world, standing)][1:]


def test_a_spike_of_errors_goes_back_at_once_and_stays_back(world: World) -> None:
    standing = begin(world, Phase.CANARY_25)
    evaluator = world.evaluator()
    world.spend(300, 400)
    evaluator.tick()
    assert steps(world, standing) == ["promote"]
    world.laws["new"] = Law(errors=0.5)
    for _ in range(6):
        world.spend(5, 40)
        evaluator.tick()
    assert steps(world, standing) == ["promote", "roll_back"]
    assert world.shares() == {"old": 100}
    last = log_of(world, standing)[-1]
    assert "error rate" in last.reason and "the last 5 minutes" in last.reason
    assert last.facts["minutes.candidate.errors"] >= 5  # type: ignore[operator]
    assert last.facts["minutes.candidate.error_rate"] > 2 * last.facts["minutes.baseline.error_rate"]  # type: ignore[operator]
    (told,) = (one for one in notices.read(world.store, BEGIN - timedelta(days=1), 100) if one.severity == "critical")
    assert (told.kind, told.subject, told.facts["phase"]) == ("migration", ROUTE, "rolled_back")
    # Nothing flaps: whatever comes, what ended stays ended.
    world.laws["new"] = Law(errors=0.0)
    for _ in range(2):
        world.spend(600, 100)
        evaluator.tick()
        evaluator.compare()
    assert steps(world, standing) == ["promote", "roll_back"]


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (Law(latency_s=3.0), "p95 latency"),
        (Law(broken=0.5), "break the format"),
        (Law(cost_nano=3_000_000), "a useful call against $0.001"),
    ],
)
def test_other_triggers(world: World, law: Law, words: str) -> None:
    standing = begin(world, Phase.CANARY_25)
    world.laws["new"] = law
    world.spend(300, 800)
    world.evaluator().tick()
    assert words in log_of(world, standing)[-1].reason


def test_a_few_calls_that_all_fail_suffice_and_a_slow_one_among_few_does_not(world: World) -> None:
    standing = begin(world, Phase.CANARY_5)
    evaluator = world.evaluator()
    world.spend(200, 150)
    world.laws["new"] = Law(latency_s=20.0)
    world.write("new", world.clock.now() - timedelta(seconds=90), 90, 3, "canary")
    evaluator.tick()
    assert steps(world, standing) == []
    world.laws["new"] = Law(errors=1.0)
    world.write("new", world.clock.now() - timedelta(seconds=60), 60, 9, "canary")
    evaluator.tick()
    assert steps(world, standing) == ["roll_back"]


def test_unhappy_users_bring_a_route_back(world: World) -> None:
    standing = begin(world, Phase.CANARY_25)
    begun = world.clock.now()
    world.clock.sleep(600)
    for model, stars in (("old", 5.0), ("new", 3.0)):
        rows = world.rows(model, begun, 600, 60, "primary")
        world.store.insert_arrow("calls", rows, model)
        world.store.insert_arrow("scores", score_rows(rows, value=stars), model)
        world.store.insert_arrow("scores", score_rows(rows.slice(0, 5), name="rare", value=1.0), f"rare-{model}")
    evaluator = world.evaluator()
    evaluator.compare()
    evaluator.tick()
    last = log_of(world, standing)[-1]
    assert last.step == "roll_back"
    assert "satisfaction (stars) 0.50 against 1.00 in this phase so far: 50% lower" in last.reason
    assert last.facts["so_far.candidate.satisfaction"] == pytest.approx(0.5)


def test_a_quiet_route_goes_back_by_the_phase_so_far(world: World) -> None:
    standing = begin(world, Phase.CANARY_25)
    world.laws["new"] = Law(errors=1.0)
    evaluator = world.evaluator()
    world.spend(86_400, 60)
    evaluator.tick()
    assert steps(world, standing) == ["promote"]
    evaluator.compare()
    evaluator.tick()
    assert "this phase so far" in log_of(world, standing)[-1].reason


def test_calls_that_time_out_after_the_window_are_seen_when_they_end(world: World) -> None:
    standing = begin(world, Phase.CANARY_25)
    world.spend(900, 600)
    world.laws["new"] = Law(errors=1.0, latency_s=1_000.0)
    began = world.clock.now() - timedelta(seconds=700)
    world.write("new", began, 700, 60, "canary")
    evaluator = world.evaluator()
    evaluator.tick()
    assert steps(world, standing) == ["promote", "roll_back"]


def test_a_collector_that_lags_hides_nothing(world: World) -> None:
    standing = begin(world, Phase.CANARY_25)
    world.laws["new"] = Law(errors=1.0)
    world.spend(300, 300)
    world.clock.sleep(1_800)
    world.evaluator().tick()
    assert steps(world, standing) == ["promote", "roll_back"]


def test_calls_from_before_the_migration_do_not_count(world: World) -> None:
    world.laws["new"] = Law(errors=1.0)
    world.write("new", world.clock.now() - timedelta(seconds=100), 100, 50)
    standing = begin(world, Phase.CANARY_25)
    world.spend(1, 4)
    world.evaluator().tick()
    assert steps(world, standing) == ["promote"]


def test_a_gate_opens_by_verdict_calls_and_hours(world: World) -> None:
    standing = begin(world, Phase.CANARY_25, gates={"canary_25.margin": 20})
    evaluator = world.evaluator()
    world.spend(4_800, 4_000)
    evaluator.compare()
    evaluator.tick()
    assert steps(world, standing) == ["promote"]
    world.spend(3_000, 2_500)
    world.clock.sleep(60)
    evaluator.compare()
    evaluator.tick()
    last = log_of(world, standing)[-1]
    assert (last.step, last.phase, last.decided_by) == ("promote", "canary_50", "watchkeeper")
    assert "not worse" in last.reason or "better" in last.reason
    assert world.shares() == {"old": 50, "new": 50}


def test_a_cheap_model_that_often_says_nothing_does_not_pass(world: World) -> None:
    standing = begin(world, Phase.CANARY_25)
    world.laws["new"] = Law(errors=0.3, failure="empty", cost_nano=100_000)
    evaluator = world.evaluator()
    world.spend(8_000, 8_000)
    evaluator.compare()
    evaluator.tick()
    last = log_of(world, standing)[-1]
    assert (last.step, last.reason[:40]) == ("roll_back", "worse than the baseline: empty answers worse"[:40])


def test_a_paused_migration_is_not_promoted_but_goes_back(world: World) -> None:
    standing = act(world, begin(world, Phase.OPTIMISE), Action.PAUSE)
    evaluator = world.evaluator()
    world.spend(300, 300)
    world.clock.sleep(200 * 3600)
    evaluator.compare()
    evaluator.tick()
    assert steps(world, standing)[-1] == "pause"
    world.laws["new"] = Law(errors=0.9)
    world.spend(300, 300)
    evaluator.tick()
    assert steps(world, standing)[-1] == "roll_back"
    assert world.shares() == {"old": 100}


def test_alone_the_candidate_is_held_against_the_baselines_last_days(world: World) -> None:
    standing = begin(world, Phase.FULL)
    world.spend(300, 300)
    evaluator = world.evaluator()
    evaluator.tick()
    assert steps(world, standing)[-1] == "promote"
    world.laws["new"] = Law(latency_s=4.0)
    world.spend(300, 300)
    evaluator.tick()
    assert "the baseline in the worse hours of its last 7 days" in log_of(world, standing)[-1].reason
    assert steps(world, standing)[-1] == "roll_back"


def test_a_silent_candidate_is_told_once_and_no_more_when_it_speaks(world: World) -> None:
    standing = begin(world, Phase.CANARY_25)
    evaluator = world.evaluator()
    world.write("old", world.clock.now(), 300, 200)
    world.clock.sleep(300)
    for _ in range(3):
        evaluator.compare()
        evaluator.tick()
    last = log_of(world, standing)[-1]
    assert (last.step, sorted(last.warnings)) == ("warn", ["silent"])
    assert "the router does not follow the weights" in last.reason
    world.spend(400, 100)
    evaluator.compare()
    evaluator.tick()
    assert steps(world, standing) == ["promote", "warn", "warnings_end"]
    told = notices.read(world.store, BEGIN - timedelta(days=1), 100)
    states = [(one.state, one.notice_id) for one in told if one.state != "info"]
    assert sorted(state for state, _ in states) == ["open", "resolved"]
    assert len({notice_id for _, notice_id in states}) == 1


def test_weights_that_a_person_changes_are_left_alone(world: World) -> None:
    standing = begin(world, Phase.CANARY_25)
    by_hand = (Target("openai", "old", 90, "primary"), Target("openai", "new", 10, "canary"))
    present = route_weights.read(world.store, ROUTE)
    assert present is not None
    route_weights.write(
        world.store, RouteWeights(ROUTE, present.version + 1, by_hand, (), (), "r", None, "bob", world.clock.now())
    )
    evaluator = world.evaluator()
    world.spend(60, 40)
    for _ in range(3):
        evaluator.tick()
    assert steps(world, standing) == ["promote", "pause"]
    assert "bob changed the weights" in log_of(world, standing)[-1].reason
    assert world.shares() == {"old": 90, "new": 10}
    act(world, standing, Action.RESUME)
    assert world.shares() == {"old": 75, "new": 25}
    evaluator.tick()
    assert steps(world, standing) == ["promote", "pause", "resume"]


def test_weights_that_a_killed_process_left_out_are_written_at_start(world: World) -> None:
    standing = begin(world, Phase.CANARY_25)
    decided = replace_last(standing, step="roll_back", phase=Phase.ROLLED_BACK)
    assert model_migrations.decide(world.store, decided.last)
    assert world.shares() == {"old": 75, "new": 25}
    world.evaluator().tick()
    assert world.shares() == {"old": 100}
    world.evaluator().tick()
    weights = route_weights.read(world.store, ROUTE)
    assert weights is not None and weights.version == 3
    told = [one for one in notices.read(world.store, BEGIN - timedelta(days=1), 100) if one.severity == "critical"]
    assert [one.notice_id for one in told] == [f"migration:{standing.migration.id}:{decided.last.seq}"]


def test_weights_of_a_promotion_that_come_late_do_not_undo_a_rollback(world: World) -> None:
    standing = begin(world, Phase.EVALUATION)
    promoted = replace_last(standing, step="promote", phase=Phase.CANARY_5)
    assert model_migrations.decide(world.store, promoted.last)
    act(world, standing, Action.ROLLBACK)
    late = RouteWeights(
        *(ROUTE, promoted.last.weights_version),
        targets=(Target("openai", "old", 95, "primary"), Target("openai", "new", 5, "canary")),
        shadow=(),
        fallbacks=(),
        reason="promoted",
        migration_id=standing.migration.id,
        changed_by="watchkeeper",
        changed_at=world.clock.now(),
    )
    route_weights.write(world.store, late)
    world.evaluator().tick()
    assert world.shares() == {"old": 100}


def replace_last(standing: Standing, step: str, phase: Phase) -> Standing:
    last = standing.last
    values = {name: getattr(last, name) for name in MigrationDecision.__slots__}
    values |= {"seq": last.seq + 1, "decision_id": new_id(), "step": step, "phase": phase.value}
    return Standing(standing.migration, MigrationDecision(**{**values, "weights_version": last.weights_version + 1}))


def test_of_two_processes_one_decides(world: World) -> None:
    standing = begin(world, Phase.CANARY_25)
    world.laws["new"] = Law(errors=1.0)
    world.spend(300, 300)
    decided = [replace_last(standing, "roll_back", Phase.ROLLED_BACK).last for _ in range(2)]
    assert [model_migrations.decide(world.store, one) for one in decided] == [True, False]
    one, two = world.evaluator(), world.evaluator()
    one.tick()
    two.tick()
    assert steps(world, standing) == ["promote", "roll_back"]


def test_the_loser_of_two_begins_is_told(world: World) -> None:
    standing = begin(world)
    values = {name: getattr(standing.migration, name) for name in model_migrations.ModelMigration.__slots__}
    second = model_migrations.ModelMigration(**{**values, "id": "another"})
    assert not model_migrations.begin(world.store, second)
    assert model_migrations.find(world.store, "another") is None


def test_who_begins_after_another_one_looked_whether_the_route_is_free_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def beaten(store: Store) -> list[Standing]:
        found = standings(store)
        monkeypatch.undo()
        begin(world, Phase.EVALUATION)
        return found

    monkeypatch.setattr("api.migrating.beginning.standings", beaten)
    with pytest.raises(Problem, match="in the same moment"):
        begin(world, Phase.EVALUATION)
    assert len(model_migrations.list_migrations(world.store, route=ROUTE)) == 1


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ZeroDivisionError("a defect")], ids=["store", "defect"])
def test_what_ails_one_route_stops_no_other(world: World, error: Exception) -> None:
    other = World(world.store, "another", world.clock)
    other.past()
    begun_ones = [begin(one, Phase.CANARY_25) for one in (world, other)]
    for one in (world, other):
        one.laws["new"] = Law(errors=1.0)
    begun = world.clock.now()
    world.spend(300, 300)
    other.write("new", begun, 300, 75, "canary")
    other.write("old", begun, 300, 225)
    evaluator = world.evaluator()
    away = Away(world.store, error)
    evaluator._watching = away
    with pytest.raises(type(error)):
        evaluator.tick()
    ended = [one for one in begun_ones if steps(world, one)[-1] == "roll_back"]
    assert [one.migration.route for one in ended] == [route for route in ("chat", "another") if route != away.failed]
    evaluator.tick()
    assert all(steps(world, one)[-1] == "roll_back" for one in begun_ones)


class Away(Watching):
    """Fails for the first migration that it is asked about, once."""

    def __init__(self, store: Store, error: Exception) -> None:
        super().__init__(store, ManualClock(BEGIN))
        self.failed = ""
        self.error = error

    def last_minutes(self, standing: Standing, now: datetime) -> Seen | None:
        if not self.failed:
            self.failed = standing.migration.route
            raise self.error
        return super().last_minutes(standing, now)
