"""Gemini's ``generateContent``. Thoughts are counted beside the candidates, as the real interface does."""

import json
from collections.abc import Iterator
from typing import Any

from tests.sdk.provider.scenario import Api, Scenario, Seen

Body = dict[str, Any]

_FINISH_REASONS = {Scenario.FILTERED: "SAFETY", Scenario.TRUNCATED: "MAX_TOKENS"}
_ERRORS = {
    Scenario.RATE_LIMITED: (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    Scenario.SERVER_ERROR: (500, "INTERNAL", "An internal error has occurred."),
}


def answer(seen: Seen) -> Body:
    """The JSON body of an answer."""
    if seen.api is Api.GOOGLE_EMBEDDINGS:
        return {
            "embeddings": [{"values": [0.5, 0.25, 0.125]}],
            "usageMetadata": {"promptTokenCount": seen.tokens.input},
        }
    if seen.scenario is Scenario.REFUSAL:
        return _envelope(seen) | {
            "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
            "usageMetadata": _usage(seen),
        }
    return _envelope(seen) | {"candidates": [_candidate(_parts(seen), _finish(seen))], "usageMetadata": _usage(seen)}


def error(seen: Seen) -> tuple[int, Body]:
    """HTTP status and body of a failure."""
    status, kind, message = _ERRORS[seen.scenario]
    return status, {"error": {"code": status, "message": message, "status": kind}}


def events(seen: Seen) -> Iterator[Body | None]:
    """A stream's chunks; null is the pause before the first content. The last chunk's usage is the call's."""
    yield None
    if seen.scenario is Scenario.REFUSAL:
        yield answer(seen)
        return
    *first, last = [[part] for part in _streamed_parts(seen)] or [[]]
    for parts in first:
        yield _envelope(seen) | {"candidates": [_candidate(parts)], "usageMetadata": {"promptTokenCount": 1}}
    yield _envelope(seen) | {"candidates": [_candidate(last, _finish(seen))], "usageMetadata": _usage(seen)}


def _envelope(seen: Seen) -> Body:
    return {"responseId": seen.id, "modelVersion": seen.served_model}


def _parts(seen: Seen) -> list[Body]:
    if seen.scenario in (Scenario.EMPTY, Scenario.FILTERED):
        return []
    parts: list[Body] = [{"text": seen.text}]
    if seen.calls_tool:
        parts = [{"functionCall": {"name": seen.tool, "args": json.loads(seen.tool_arguments)}}]
    if seen.scenario is Scenario.REASONING:
        parts.insert(0, {"text": f"Consider: {seen.text}", "thought": True})
    return parts


def _streamed_parts(seen: Seen) -> Iterator[Body]:
    for part in _parts(seen):
        if "text" in part and not part.get("thought"):
            yield from ({"text": piece} for piece in seen.pieces)
        else:
            yield part


def _candidate(parts: list[Body], finish_reason: str = "") -> Body:
    candidate: Body = {"index": 0}
    if parts:
        candidate["content"] = {"role": "model", "parts": parts}
    return candidate | ({"finishReason": finish_reason} if finish_reason else {})


def _finish(seen: Seen) -> str:
    return _FINISH_REASONS.get(seen.scenario, "STOP")


def _usage(seen: Seen) -> Body:
    tokens = seen.tokens
    usage = {"promptTokenCount": tokens.input, "totalTokenCount": tokens.input + tokens.output}
    if seen.scenario is Scenario.REFUSAL:
        return {"promptTokenCount": tokens.input, "totalTokenCount": tokens.input}
    usage["candidatesTokenCount"] = tokens.output - tokens.reasoning
    if tokens.cache_read:
        usage["cachedContentTokenCount"] = tokens.cache_read
    if tokens.reasoning:
        usage["thoughtsTokenCount"] = tokens.reasoning
    return usage
