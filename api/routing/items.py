"""Weights and observed models as the API shows them, and the tags that tell two answers apart."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache

from api.routing.models import RouteItem, TargetItem
from api.tags import tags
from watchkeeper.storage.observed_models import ObservedModel
from watchkeeper.storage.route_weights import MOST_ROUTES, RouteWeights, Target

_DIGEST_CHARACTERS = 16


@lru_cache(maxsize=MOST_ROUTES)
def weights_item(weights: RouteWeights) -> RouteItem:
    """Weights that were set. Made once, for those who wait are told of the same ones all at once; not to be changed."""
    return RouteItem(
        route=weights.route,
        source="weights",
        version=weights.version,
        targets=_targets(weights.targets),
        shadow=_targets(weights.shadow),
        fallbacks=_targets(weights.fallbacks),
        reason=weights.reason,
        migration_id=weights.migration_id,
        changed_by=weights.changed_by,
        changed_at=weights.changed_at,
        calls=None,
    )


def observed_item(route: str, models: Sequence[ObservedModel]) -> RouteItem:
    """What a route asks for without anybody having set weights."""
    calls = [model.calls for model in models]
    targets = [
        TargetItem(provider=one.provider, model=one.model, weight=share, variant="primary")
        for one, share in zip(models, whole_percent(calls), strict=True)
    ]
    return RouteItem(
        route=route,
        source="observed",
        version=0,
        targets=targets,
        shadow=[],
        fallbacks=[],
        reason="",
        migration_id=None,
        changed_by=None,
        changed_at=None,
        calls=sum(calls),
    )


def whole_percent(counts: Sequence[int]) -> list[int]:
    """Shares in whole percent that add up to 100, by the largest remainder (Hamilton); no counts give no shares."""
    total = sum(counts)
    if not total:
        return [0 for _ in counts]
    shares = [count * 100 // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda place: (-(counts[place] * 100 % total), place))
    for place in by_remainder[: 100 - sum(shares)]:
        shares[place] += 1
    return shares


def route_tag(item: RouteItem) -> str:
    """The ETag of one route: its version; what is observed has a digest behind the 0."""
    return f'"{item.version}"' if item.version else f'"0-{_digest([item])}"'


def routes_tag(items: Sequence[RouteItem]) -> str:
    """The ETag of several routes."""
    return f'"{_digest(items)}"'


def version_fits(header: str, version: int) -> bool:
    """Does an ``If-Match`` name this version of a route? What is observed is version 0, whatever its shares are."""
    named = [word.strip('"').partition("-")[0] for word in tags(header)]
    return str(version) in named or (version > 0 and "*" in named)


def _targets(targets: Sequence[Target]) -> list[TargetItem]:
    return [TargetItem(**asdict(target)) for target in targets]


def _digest(items: Sequence[RouteItem]) -> str:
    facts = [(item.route, item.version, _observed_shares(item)) for item in items]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:_DIGEST_CHARACTERS]


def _observed_shares(item: RouteItem) -> list[tuple[str, str, int]]:
    return [] if item.version else [(one.provider, one.model, one.weight) for one in item.targets]
