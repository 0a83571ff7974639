"""JSON in an attribute, reduced to what the platform can use: how the call ended and what it counted.

Both keys and words are from closed lists: an answer can itself be JSON, and all of it is content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_MOST_CHARACTERS = 262_144
_MOST_DEPTH = 12
_IDENTIFIER = re.compile(r"[\w.:/@+\-]{1,120}")

# fmt: off
_STRUCTURE = frozenset(
    (
        "candidate", "candidates", "choice", "choices", "completion_tokens_details", "content", "delta", "format",
        "generation_info", "generation_metadata", "generations", "incomplete_details", "input_token_details",
        "input_tokens_details", "llm_output", "message", "messages", "output", "output_token_details",
        "output_tokens_details", "outputs", "part", "parts", "prompt_feedback", "prompt_tokens_details",
        "promptfeedback", "response_format", "response_metadata", "text", "token_usage", "usage", "usage_metadata",
        "usagemetadata",
    )
)
"""Keys under which the skeleton is looked for."""

_TOLD = frozenset(
    (
        "block_reason", "blockreason", "finish_reason", "finish_reasons", "finishreason", "reason",
        "response_mime_type", "role", "status", "stop_reason", "stopreason", "type",
    )
)
"""Keys whose words are told, when they are known words."""

_VOCABULARY = frozenset(
    (
        "ai", "application/json", "assistant", "blocked", "blocklist", "cancelled", "complete", "completed",
        "content_filter", "content_filtered", "developer", "end_turn", "error", "failed",
        "finish_reason_unspecified", "function", "function_call", "guardrail_intervened", "human", "image",
        "in_progress", "incomplete", "input_text", "jailbreak", "json", "json_object", "json_schema", "language",
        "length", "malformed_function_call", "malformed_model_output", "malformed_tool_use", "max_output_tokens",
        "max_tokens", "message", "model", "model_armor", "model_context_window_exceeded", "model_length", "other",
        "output_text", "pause_turn", "prohibited_content", "reasoning", "recitation", "refusal", "safety", "spii",
        "stop", "stop_sequence", "system", "text", "text/plain", "thinking", "tool", "tool_call", "tool_calls",
        "tool_result", "tool_use", "unexpected_tool_call", "user",
    )
)
# fmt: on
_COUNT = re.compile(
    r"(input|output|prompt|completion|total|cache\w{0,20}|reasoning|thoughts?|candidates)_?tokens?(_?count)?|"
    r"cache_read|cache_creation|reasoning",
    re.IGNORECASE,
)

Reduce = Callable[[Any, str, int], Any]


def reduced(key: str, text: str, reduce: Reduce) -> str | None:
    """``text``, under the attribute ``key``, reduced and written as JSON again; null where nothing is left of it."""
    if len(text) > _MOST_CHARACTERS:
        return None
    try:
        left = reduce(json.loads(text), key.rpartition(".")[2].lower(), 0)
    except (ValueError, RecursionError):
        return None
    return json.dumps(left, separators=(",", ":")) if left else None


def skeleton(value: Any, key: str, depth: int) -> Any:
    """Of an answer or a prompt: known words under known keys, and token counts."""
    if depth > _MOST_DEPTH:
        return None
    if isinstance(value, dict):
        parts = {
            name: skeleton(one, str(name).lower(), depth + 1) for name, one in value.items() if _is_known(str(name))
        }
        return {name: one for name, one in parts.items() if one is not None} or None
    if isinstance(value, list):
        return [one for one in (skeleton(one, key, depth + 1) for one in value) if one is not None] or None
    if isinstance(value, int):
        return value if _COUNT.fullmatch(key) or (key == "stream" and isinstance(value, bool)) else None
    if isinstance(value, str) and key in _TOLD and value.lower() in _VOCABULARY:
        return value
    return None


def parameters(value: Any, key: str, depth: int) -> Any:
    """Of request parameters: the model, numbers, flags, and which format was asked for."""
    if depth > 3:
        return None
    if isinstance(value, dict):
        parts = {
            name: parameters(one, str(name).lower(), depth + 1)
            for name, one in value.items()
            if _IDENTIFIER.fullmatch(str(name))
        }
        return {name: one for name, one in parts.items() if one is not None} or None
    if isinstance(value, (bool, int, float)):
        return value
    named = key in ("model", "model_name") or (key in _TOLD and str(value).lower() in _VOCABULARY)
    return value if isinstance(value, str) and named and _IDENTIFIER.fullmatch(value) else None


def _is_known(name: str) -> bool:
    name = name.lower()
    return name in _STRUCTURE or name in _TOLD or name == "stream" or _COUNT.fullmatch(name) is not None
