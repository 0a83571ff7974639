"""Which weights lead away from a model in trouble."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.advising.away import away
from api.advising.facts import Away, Model
from tests.watchkeeper.storage.test_route_weights import WEIGHTS
from watchkeeper.storage.regressions import TransitionRow
from watchkeeper.storage.route_weights import RouteWeights, Target

NOW = datetime(2026, 5, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SICK, WELL = Target("openai", "big", 0, "primary"), Target("azure", "big", 100, "primary")
LEFT = RouteWeights("chat", 1, (WELL,), (), (SICK,), "", None, "ann", NOW)
TROUBLE = TransitionRow(
    id="r1", seq=1, kind="regression", severity="page", state="open", at=NOW, reason="", series_id="s", service="shop",
    route="chat", provider="openai", request_model="big", model="big-1", metric="error", direction="up",
    onset=NOW - 2 * HOUR, detected_at=NOW - HOUR, closed_at=None, transient=False, confidence=0.99, record="{}",
    stored_at=NOW,
)  # fmt: skip
OVER = replace(TROUBLE, closed_at=NOW + HOUR)
PROBED = replace(LEFT, targets=(replace(WELL, weight=95), replace(SICK, weight=5)), fallbacks=())


def test_a_fallback_that_was_in_trouble_when_the_weights_were_set() -> None:
    origin = Model("openai", "big")
    assert away(LEFT, [TROUBLE]) == Away(origin, "r1", NOW, None, 0)
    assert away(LEFT, [OVER]) == Away(origin, "r1", NOW, OVER.closed_at, 0)
    assert away(PROBED, [TROUBLE]) == Away(origin, "r1", NOW, None, 5)
    assert away(LEFT, [OVER, replace(TROUBLE, id="r2")]) == Away(origin, "r2", NOW, None, 0)
    assert away(LEFT, [replace(TROUBLE, route="*")]) is not None


@pytest.mark.parametrize(
    ("weights", "trouble"),
    [
        (None, TROUBLE),
        (replace(LEFT, migration_id="m"), TROUBLE),
        (replace(LEFT, fallbacks=()), TROUBLE),
        (replace(LEFT, targets=(replace(SICK, weight=100),), fallbacks=(WELL,)), TROUBLE),
        (LEFT, replace(TROUBLE, closed_at=NOW)),
        (LEFT, replace(TROUBLE, detected_at=NOW + HOUR)),
        (LEFT, replace(TROUBLE, route="search")),
        (LEFT, replace(TROUBLE, request_model="small")),
        (replace(WEIGHTS, changed_at=NOW), TROUBLE),
    ],
    ids=["none", "migration", "not-named", "still-there", "over-before", "later", "route", "model", "others"],
)
def test_everything_else_leads_nowhere(weights: RouteWeights | None, trouble: TransitionRow) -> None:
    assert away(weights, [trouble]) is None
