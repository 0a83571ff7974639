"""Routes that were re-routed away from a model in trouble."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from api.advising.facts import Away, Model
from watchkeeper.series_id import ANY
from watchkeeper.storage.regressions import TransitionRow
from watchkeeper.storage.route_weights import RouteWeights, Target


def away(weights: RouteWeights | None, troubles: Sequence[TransitionRow]) -> Away | None:
    """What ``weights``, set by a person, lead away from; None where that is nothing that was in trouble then.

    ``troubles`` are regressions as they stand, closed ones too.
    """
    if weights is None or weights.migration_id is not None:
        return None
    found = (
        Away(Model(one.provider, one.model), trouble.id, weights.changed_at, trouble.closed_at, one.weight)
        for one in _left(weights)
        for trouble in troubles
        if _was_open(trouble, weights.changed_at) and _is_about(trouble, weights.route, one)
    )
    # What is open counts before what is closed, and what closed last before the others.
    return max(found, key=lambda one: (one.closed_at is None, one.closed_at or one.since), default=None)


def _left(weights: RouteWeights) -> Iterator[Target]:
    """What may have had the calls before: the fallbacks, and what has a smaller share of them now."""
    largest = max(weights.targets, key=lambda one: one.weight)
    names = {(largest.provider, largest.model)}
    for one in (*weights.targets, *weights.fallbacks):
        if (one.provider, one.model) not in names:
            names.add((one.provider, one.model))
            yield one


def _was_open(trouble: TransitionRow, moment: datetime) -> bool:
    return trouble.detected_at <= moment and (trouble.closed_at is None or moment < trouble.closed_at)


def _is_about(trouble: TransitionRow, route: str, target: Target) -> bool:
    model = (trouble.provider, trouble.request_model)
    return trouble.route in (ANY, route) and model == (target.provider, target.model)
