"""Drawn replies in the words of the Anthropic Messages API."""

from collections.abc import Iterator
from typing import Any

from demo.draw import Ask, Reply, Tokens
from demo.profiles import Ending, ModelProfile

Body = dict[str, Any]


def answer(profile: ModelProfile, ask: Ask, reply: Reply) -> Body:
    """The JSON body of a good, unstreamed answer."""
    return _message(profile, reply) | {
        "content": [_block(ask, reply)],
        "stop_reason": _stop_reason(reply),
        "usage": _usage(profile, reply.tokens),
    }


def error(reply: Reply) -> Body:
    """The JSON body of a 429 or a 500."""
    kind, message = "api_error", "Internal server error"
    if reply.ending is Ending.RATE_LIMITED:
        kind, message = "rate_limit_error", "This request would exceed your rate limit"
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": f"req_{reply.id}"}


def events(profile: ModelProfile, ask: Ask, reply: Reply) -> Iterator[Body]:
    """The stream's events in order; usage is always sent, in two parts."""
    usage = _usage(profile, reply.tokens) | {"output_tokens": 1}
    yield {"type": "message_start", "message": _message(profile, reply) | {"usage": usage}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for piece in reply.pieces():
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    yield {"type": "content_block_stop", "index": 0}
    delta = {"stop_reason": _stop_reason(reply), "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": reply.tokens.output}}
    yield {"type": "message_stop"}


def _message(profile: ModelProfile, reply: Reply) -> Body:
    return {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": profile.served,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _block(ask: Ask, reply: Reply) -> Body:
    if reply.uses_tool:
        return {"type": "tool_use", "id": f"toolu_{reply.id}", "name": ask.tool, "input": {"clause": "7.2"}}
    return {"type": "text", "text": reply.text}


def _stop_reason(reply: Reply) -> str:
    if reply.uses_tool:
        return "tool_use"
    special = {Ending.TRUNCATED: "max_tokens", Ending.REFUSAL: "refusal"}
    return special.get(reply.ending, "end_turn")


def _usage(profile: ModelProfile, tokens: Tokens) -> Body:
    """Anthropic's own accounting: ``input_tokens`` leaves the cache out."""
    return {
        "input_tokens": tokens.input - tokens.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output,
        "service_tier": profile.service_tier,
    }
