"""Routes as Portkey configs: https://portkey.ai/docs/product/ai-gateway/configs.

``loadbalance`` targets with weights that add up to 1, inside the first target of a ``fallback`` where there are some.
"""

from collections.abc import Sequence
from typing import Any

from api.routing.exported import Exported, shadow_notes, used
from api.routing.models import RouteItem, TargetItem
from api.routing.providers import provider_names

_KEYS = "Portkey configs name no variables: put the slug of your AI provider (@…) in place of each provider, or a key"


def portkey_export(routes: Sequence[RouteItem]) -> Exported:
    """By route a config."""
    content = {route.route: _config(route) for route in routes}
    return Exported(content, (_KEYS, *shadow_notes(routes, "Portkey"), *_unknown(routes)) if routes else ())


def _config(route: RouteItem) -> dict[str, Any]:
    shared = [{**_target(target), "weight": target.weight / 100} for target in used(route.targets)]
    balanced = {"strategy": {"mode": "loadbalance"}, "targets": shared}
    if not route.fallbacks:
        return balanced
    return {"strategy": {"mode": "fallback"}, "targets": [balanced, *map(_target, route.fallbacks)]}


def _target(target: TargetItem) -> dict[str, Any]:
    names = provider_names(target.provider)
    provider = names.portkey if names is not None else ""
    return {"provider": provider or target.provider, "override_params": {"model": target.model}}


def _unknown(routes: Sequence[RouteItem]) -> list[str]:
    targets = (target for route in routes for target in (*used(route.targets), *route.fallbacks))
    named = sorted({target.provider for target in targets})
    known = {name for name in named if (names := provider_names(name)) is not None and names.portkey}
    return [
        f"{name or 'a target without provider'}: not a name that Portkey has" for name in named if name not in known
    ]
