"""Did a request ask for JSON? Each provider has its own way to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def asks_json(request: Mapping[str, Any]) -> bool:
    """Do the arguments of a request ask for JSON, in any of the providers' ways?"""
    for value in (
        request.get("response_format"),
        _get(request.get("text"), "format"),
        request.get("text_format"),
        _get(request.get("output_config"), "format"),
        request.get("output_format"),
    ):
        if isinstance(value, type) or str(_get(value, "type") or "").startswith("json"):
            return True
    config = request.get("config")
    return _get(config, "response_mime_type") == "application/json" or _get(config, "response_schema") is not None


def _get(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
