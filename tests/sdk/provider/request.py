"""A request as it came, turned into what will be answered."""

import json
from collections.abc import Mapping
from typing import Any

from demo.profiles import PROFILES
from tests.sdk.provider.scenario import Api, Seen, named, tokens_of

PAUSE_S = 0.03
"""Before the first content of a stream."""
_DATES = {
    Api.MESSAGES: "-20260115",
    Api.GENERATE: "-001",
}
_DATE = "-2026-01-15"


def read(raw: bytes, api: Api, number: int, model: str = "", stream: bool = False) -> Seen:
    """What a request asks for. ``model`` and ``stream`` where the address says it, not the body."""
    body: Mapping[str, Any] = json.loads(raw)
    scenario, label = named(raw.decode())
    requested = model or body["model"]
    streamed = stream or bool(body.get("stream"))
    return Seen(
        number=number,
        api=api,
        scenario=scenario,
        label=label,
        requested_model=requested,
        served_model=_served(requested, api),
        tokens=tokens_of(number, scenario, api),
        streamed=streamed,
        include_usage=not streamed or api is not Api.CHAT or _asks_for_usage(body),
        tool=_first_tool(body),
        ttft_s=PAUSE_S if streamed else None,
    )


def _served(requested: str, api: Api) -> str:
    """The dated name behind an alias; embeddings have none."""
    if api in (Api.EMBEDDINGS, Api.GOOGLE_EMBEDDINGS):
        return requested
    known = PROFILES.get(requested)
    if known is not None and known.served_as:
        return known.served_as
    return requested.removesuffix("-latest") + _DATES.get(api, _DATE)


def _asks_for_usage(body: Mapping[str, Any]) -> bool:
    return bool((body.get("stream_options") or {}).get("include_usage"))


def _first_tool(body: Mapping[str, Any]) -> str:
    tools = body.get("tools") or []
    if not tools:
        return ""
    declared = tools[0].get("functionDeclarations") or [tools[0].get("function", tools[0])]
    return str(declared[0].get("name", ""))
