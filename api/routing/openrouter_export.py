"""Routes as fields of a request to OpenRouter.

https://openrouter.ai/docs/features/provider-routing and https://openrouter.ai/docs/guides/routing/model-fallbacks:
``models`` are tried in order, ``provider.order`` are the hosts that are asked first.
"""

from collections.abc import Sequence
from typing import Any

from api.routing.exported import Exported, shadow_notes, used
from api.routing.models import RouteItem, TargetItem
from api.routing.providers import provider_names


def openrouter_export(routes: Sequence[RouteItem]) -> Exported:
    """By route ``model``, or ``models`` where there are several, and ``provider``."""
    content = {route.route: _request(route) for route in routes}
    split = [
        f"{route.route[:80]}: OpenRouter has no weights; the largest target goes first, the others come after a failure"
        for route in routes
        if len(used(route.targets)) > 1
    ]
    return Exported(content, (*shadow_notes(routes, "OpenRouter"), *split, *_unsure(routes)))


def _request(route: RouteItem) -> dict[str, Any]:
    targets = [*used(route.targets), *route.fallbacks]
    models = list(dict.fromkeys(_model(target) for target in targets))
    hosts = list(dict.fromkeys(host for target in targets if (host := _host(target))))
    request: dict[str, Any] = {"models": models} if len(models) > 1 else {"model": "".join(models)}
    if hosts:
        request["provider"] = {"order": hosts, "allow_fallbacks": True}
    return request


def _model(target: TargetItem) -> str:
    author = _author(target)
    return f"{author}/{target.model}" if author and "/" not in target.model else target.model


def _author(target: TargetItem) -> str:
    names = provider_names(target.provider)
    return names.author if names is not None else ""


def _host(target: TargetItem) -> str:
    names = provider_names(target.provider)
    return names.openrouter if names is not None else ""


def _unsure(routes: Sequence[RouteItem]) -> list[str]:
    targets = (target for route in routes for target in (*used(route.targets), *route.fallbacks))
    bare = sorted({_model(target) for target in targets if "/" not in _model(target)})
    return [f"{model}: OpenRouter writes AUTHOR/MODEL; look its name up" for model in bare]
