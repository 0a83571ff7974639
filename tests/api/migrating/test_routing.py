"""Weights of each phase."""

from datetime import UTC, datetime

import pytest

from api.migrating.phases import Phase
from api.migrating.routing import routing
from watchkeeper.storage.model_migrations import ModelMigration, Served
from watchkeeper.storage.route_weights import Target

OLD, NEW, TESTED = (
    Target("openai", "old", 100, "primary"),
    Target("openai", "new", 10, "shadow"),
    Target("x", "y", 3, "shadow"),
)
MIGRATION = ModelMigration(
    id="m",
    route="chat",
    number=1,
    baseline=Served("openai", "old"),
    candidate=Served("openai", "new"),
    limits={},
    gates={},
    score="",
    advice="",
    reason="",
    targets=(OLD,),
    shadow=(NEW, TESTED),
    fallbacks=(),
    created_by="ann",
    created_at=datetime(2026, 5, 28, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("phase", "shadows"),
    [
        (Phase.EVALUATION, {"new": 10, "y": 3}),
        (Phase.SHADOW, {"y": 3, "new": 20}),
        (Phase.CANARY_25, {"y": 3}),
        (Phase.DONE, {"y": 3}),
        (Phase.ROLLED_BACK, {"new": 10, "y": 3}),
    ],
)
def test_a_shadow_test_of_the_candidate_gives_way_to_its_migration(phase: Phase, shadows: dict[str, int]) -> None:
    found = routing(MIGRATION, phase).shadow
    assert [(one.model, one.weight) for one in found] == list(shadows.items())
