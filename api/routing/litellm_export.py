"""Routes as a LiteLLM configuration: https://docs.litellm.ai/docs/proxy/load_balancing."""

from collections.abc import Iterator, Sequence
from typing import Any

from api.routing.exported import Exported, shadow_notes, used
from api.routing.models import RouteItem, TargetItem
from api.routing.providers import ProviderNames, provider_names, variable

_FALLBACK = "#fallback-"


def litellm_export(routes: Sequence[RouteItem]) -> Exported:
    """``model_list`` with a group of deployments a route, picked by weight, and a group for each fallback."""
    settings: dict[str, Any] = {"routing_strategy": "simple-shuffle"}
    fallbacks = [{route.route: _groups(route)} for route in routes if route.fallbacks]
    if fallbacks:
        settings["fallbacks"] = fallbacks
    models = [deployment for route in routes for deployment in _deployments(route)]
    notes = shadow_notes(routes, "LiteLLM with weights")
    return Exported({"model_list": models, "router_settings": settings}, (*notes, *_unknown(routes)))


def _groups(route: RouteItem) -> list[str]:
    return [f"{route.route}{_FALLBACK}{number}" for number in range(1, len(route.fallbacks) + 1)]


def _deployments(route: RouteItem) -> Iterator[dict[str, Any]]:
    for target in used(route.targets):
        yield {"model_name": route.route, "litellm_params": {**_params(target), "weight": target.weight}}
    for group, target in zip(_groups(route), route.fallbacks, strict=True):
        yield {"model_name": group, "litellm_params": _params(target)}


def _params(target: TargetItem) -> dict[str, Any]:
    names = provider_names(target.provider) or _like_openai(target.provider)
    params = {"model": f"{names.litellm}/{target.model}"}
    for name, where in (("api_key", names.key), ("api_base", names.base)):
        if where:
            params[name] = f"os.environ/{where}"
    return params


def _like_openai(provider: str) -> ProviderNames:
    """Most others speak OpenAI's protocol, at an address of their own."""
    prefix = variable(provider)
    if not prefix:
        return ProviderNames("openai", key="OPENAI_API_KEY")
    return ProviderNames("openai", key=f"{prefix}_API_KEY", base=f"{prefix}_API_BASE")


def _unknown(routes: Sequence[RouteItem]) -> list[str]:
    targets = (target for route in routes for target in (*used(route.targets), *route.fallbacks))
    strange = sorted({target.provider for target in targets if provider_names(target.provider) is None})
    return [
        f"{provider or 'a target without provider'}: taken as one that speaks OpenAI's protocol; look at its variables"
        for provider in strange
    ]
