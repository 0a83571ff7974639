"""Anthropic's Messages. ``input_tokens`` leaves the cache out, as the real interface does."""

import json
from collections.abc import Iterator
from typing import Any

from tests.sdk.provider.scenario import Scenario, Seen

Body = dict[str, Any]

_STOP_REASONS = {Scenario.REFUSAL: "refusal", Scenario.TRUNCATED: "max_tokens"}
_ERRORS = {
    Scenario.RATE_LIMITED: (429, "rate_limit_error", "This request would exceed your rate limit"),
    Scenario.SERVER_ERROR: (500, "api_error", "Internal server error"),
    Scenario.FILTERED: (400, "invalid_request_error", "Output blocked by content filtering policy"),
}


def answer(seen: Seen) -> Body:
    """The JSON body of an answer."""
    return _message(seen) | {"content": _blocks(seen), "stop_reason": _stop_reason(seen), "usage": _usage(seen)}


def error(seen: Seen) -> tuple[int, Body]:
    """HTTP status and body of a failure."""
    status, kind, message = _ERRORS[seen.scenario]
    return status, {"type": "error", "error": {"type": kind, "message": message}, "request_id": f"req_{seen.id}"}


def events(seen: Seen) -> Iterator[Body | None]:
    """A stream's events; null is the pause before the first content. Usage comes in two parts."""
    begun = _message(seen) | {"usage": _usage(seen) | {"output_tokens": 1, "output_tokens_details": None}}
    yield {"type": "message_start", "message": begun}
    yield {"type": "ping"}
    yield None
    for at, block in enumerate(_blocks(seen)):
        yield {"type": "content_block_start", "index": at, "content_block": block | _hollow(block)}
        for delta in _deltas(block, seen):
            yield {"type": "content_block_delta", "index": at, "delta": delta}
        yield {"type": "content_block_stop", "index": at}
    usage = {"output_tokens": seen.tokens.output, "output_tokens_details": _details(seen)}
    yield {"type": "message_delta", "delta": {"stop_reason": _stop_reason(seen), "stop_sequence": None}, "usage": usage}
    yield {"type": "message_stop"}


def _message(seen: Seen) -> Body:
    message: Body = {"id": f"msg_{seen.id}", "type": "message", "role": "assistant", "model": seen.served_model}
    return message | {"content": [], "stop_reason": None, "stop_sequence": None}


def _blocks(seen: Seen) -> list[Body]:
    if seen.scenario in (Scenario.EMPTY, Scenario.REFUSAL):
        return []
    blocks: list[Body] = [{"type": "text", "text": seen.text}]
    if seen.calls_tool:
        called = {"type": "tool_use", "id": f"toolu_{seen.id}", "name": seen.tool}
        blocks = [called | {"input": json.loads(seen.tool_arguments)}]
    if seen.scenario is Scenario.REASONING:
        blocks.insert(0, {"type": "thinking", "thinking": f"Consider: {seen.text}", "signature": "c2ln"})
    return blocks


def _hollow(block: Body) -> Body:
    fields: dict[str, Body] = {
        "text": {"text": ""},
        "thinking": {"thinking": "", "signature": ""},
        "tool_use": {"input": {}},
    }
    return fields[block["type"]]


def _deltas(block: Body, seen: Seen) -> Iterator[Body]:
    if block["type"] == "tool_use":
        yield {"type": "input_json_delta", "partial_json": seen.tool_arguments}
    elif block["type"] == "thinking":
        yield {"type": "thinking_delta", "thinking": block["thinking"]}
        yield {"type": "signature_delta", "signature": block["signature"]}
    else:
        yield from ({"type": "text_delta", "text": piece} for piece in seen.pieces)


def _stop_reason(seen: Seen) -> str:
    return "tool_use" if seen.calls_tool else _STOP_REASONS.get(seen.scenario, "end_turn")


def _usage(seen: Seen) -> Body:
    tokens = seen.tokens
    return {
        "input_tokens": tokens.input - tokens.cache_read - tokens.cache_write,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
        "output_tokens": tokens.output,
        "output_tokens_details": _details(seen),
        "service_tier": "standard",
    }


def _details(seen: Seen) -> Body | None:
    return {"thinking_tokens": seen.tokens.reasoning} if seen.tokens.reasoning else None
