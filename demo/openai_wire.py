"""Drawn replies in the words of the OpenAI API: Chat Completions, Responses, Embeddings."""

from collections.abc import Iterator
from typing import Any

from demo.draw import Api, Ask, Reply, Tokens
from demo.profiles import Ending, ModelProfile

Body = dict[str, Any]

_CREATED = 1_767_225_600
"""A fixed time: equal seeds give equal bytes."""
_VECTOR = [round(0.5 / (1 + position), 6) for position in range(8)]


def answer(profile: ModelProfile, ask: Ask, reply: Reply) -> Body:
    """The JSON body of a good, unstreamed answer."""
    builders = {Api.CHAT: _completion, Api.RESPONSES: _response, Api.EMBEDDINGS: _embeddings}
    return builders[ask.api](profile, ask, reply)


def error(reply: Reply) -> Body:
    """The JSON body of a 429 or a 500."""
    if reply.ending is Ending.RATE_LIMITED:
        return _error("Rate limit reached for requests", "requests", "rate_limit_exceeded")
    return _error("The server had an error while processing your request", "server_error", None)


def events(profile: ModelProfile, ask: Ask, reply: Reply) -> Iterator[Body]:
    """Chat chunks in order: role, content, finish reason, then usage where it was asked for."""
    base = _envelope(profile, reply, "chat.completion.chunk")
    if ask.include_usage:
        base["usage"] = None
    yield _chunk(base, {"role": "assistant", "content": ""})
    if reply.uses_tool:
        yield _chunk(base, {"tool_calls": [_tool_call(ask, reply) | {"index": 0}]})
    else:
        field = "refusal" if reply.ending is Ending.REFUSAL else "content"
        for piece in reply.pieces():
            yield _chunk(base, {field: piece})
    yield _chunk(base, {}, _finish_reason(reply))
    if ask.include_usage:
        yield base | {"choices": [], "usage": _chat_usage(reply.tokens)}


def _error(message: str, kind: str, code: str | None) -> Body:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _envelope(profile: ModelProfile, reply: Reply, kind: str) -> Body:
    body: Body = {
        "id": f"chatcmpl-{reply.id}",
        "object": kind,
        "created": _CREATED,
        "model": profile.served,
        "service_tier": profile.service_tier,
    }
    if profile.fingerprint:
        body["system_fingerprint"] = profile.fingerprint
    return body


def _completion(profile: ModelProfile, ask: Ask, reply: Reply) -> Body:
    choice: Body = {"index": 0, "message": _message(ask, reply), "logprobs": None}
    choice["finish_reason"] = _finish_reason(reply)
    body = _envelope(profile, reply, "chat.completion")
    return body | {"choices": [choice], "usage": _chat_usage(reply.tokens)}


def _message(ask: Ask, reply: Reply) -> Body:
    message: Body = {"role": "assistant", "content": reply.text, "refusal": None}
    if reply.uses_tool:
        message |= {"content": None, "tool_calls": [_tool_call(ask, reply)]}
    elif reply.ending is Ending.REFUSAL:
        message |= {"content": None, "refusal": reply.text}
    elif reply.ending is Ending.CONTENT_FILTER:
        message |= {"content": ""}
    return message


def _tool_call(ask: Ask, reply: Reply) -> Body:
    function = {"name": ask.tool, "arguments": '{"order": "A-1042", "express": true}'}
    return {"id": f"call_{reply.id}", "type": "function", "function": function}


def _finish_reason(reply: Reply) -> str:
    if reply.uses_tool:
        return "tool_calls"
    special = {Ending.TRUNCATED: "length", Ending.CONTENT_FILTER: "content_filter"}
    return special.get(reply.ending, "stop")


def _chunk(base: Body, delta: Body, finish_reason: str | None = None) -> Body:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return base | {"choices": [choice]}


def _chat_usage(tokens: Tokens) -> Body:
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": tokens.reasoning, "audio_tokens": 0},
    }


def _response(profile: ModelProfile, ask: Ask, reply: Reply) -> Body:
    reasons = {Ending.TRUNCATED: "max_output_tokens", Ending.CONTENT_FILTER: "content_filter"}
    reason = reasons.get(reply.ending)
    tokens = reply.tokens
    return {
        "id": f"resp_{reply.id}",
        "object": "response",
        "created_at": _CREATED,
        "model": profile.served,
        "service_tier": profile.service_tier,
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "error": None,
        "output": [_output_message(reply)],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": tokens.input,
            "input_tokens_details": {"cached_tokens": tokens.cached},
            "output_tokens": tokens.output,
            "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
            "total_tokens": tokens.input + tokens.output,
        },
    }


def _output_message(reply: Reply) -> Body:
    part: Body = {"type": "output_text", "text": reply.text, "annotations": []}
    if reply.ending is Ending.REFUSAL:
        part = {"type": "refusal", "refusal": reply.text}
    message: Body = {"type": "message", "id": f"msg_{reply.id}", "role": "assistant", "status": "completed"}
    return message | {"content": [part]}


def _embeddings(profile: ModelProfile, ask: Ask, reply: Reply) -> Body:
    tokens = reply.tokens.input
    return {
        "object": "list",
        "model": profile.served,
        "data": [{"object": "embedding", "index": 0, "embedding": _VECTOR}],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
