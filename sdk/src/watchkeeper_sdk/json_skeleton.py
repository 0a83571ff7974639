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
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:/@+\-]{1,120}")

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
    r"((input|output|prompt|completion|total|reasoning|thoughts?|candidates)|"
    r"cached?(_?(read|creation|write|hit|miss|content|input|prompt|output)){0,2})_?tokens?(_?count)?|"
    r"cache_read|cache_creation|reasoning",
    re.IGNORECASE | re.ASCII,
)
_DETAIL = re.compile(
    r"((input|output|total|prompt|completions?|cached?|creation|read|write|reasoning|thoughts?|thinking|audio|image|text|"
    r"video|tools?|use|accepted|rejected|prediction|tokens?|details|modality|ephemeral|5m|1h|candidates|counts?|costs?|web|"
    r"search|requests?|server|over|under|\d{1,4}k)(_|$)){1,6}",
    re.IGNORECASE | re.ASCII,
)
"""Keys of token counts and costs, made of these words."""

# fmt: off
_SETTINGS = frozenset(
    (
        "allowimageoutput", "allowtextoutput", "bestof", "budgettokens", "candidatecount", "dimensions", "echo",
        "frequencypenalty", "includethoughts", "includeusage", "logprobs", "maxcompletiontokens", "maxnewtokens",
        "maxoutputtokens", "maxretries", "maxtokens", "maxtokenstosample", "maxtoolcalls", "minp", "n", "numctx",
        "numpredict", "paralleltoolcalls", "presencepenalty", "repeatpenalty", "repetitionpenalty",
        "responselogprobs", "seed", "store", "stream", "streaming", "temperature", "thinkingbudget", "timeout", "topk",
        "toplogprobs", "topp",
    )
)
"""Request parameters with a number or a flag, in small letters without underscores."""

_SETTING_GROUPS = frozenset(
    (
        "config", "format", "generationconfig", "inferenceconfig", "options", "outputconfig", "params", "reasoning",
        "responseformat", "streamoptions", "text", "thinking", "thinkingconfig",
    )
)
"""Request parameters that hold others."""

_SETTING_WORDS = {
    **dict.fromkeys(
        ("responseformat", "responsemimetype", "type", "format"),
        frozenset(
            ("application/json", "disabled", "enabled", "json", "json_object", "json_schema", "text", "text/plain")
        ),
    ),
    **dict.fromkeys(
        ("effort", "reasoningeffort", "verbosity", "thinkinglevel"),
        frozenset(("high", "low", "max", "medium", "minimal", "none", "xhigh")),
    ),
    "servicetier": frozenset(
        ("auto", "default", "flex", "on_demand", "priority", "scale", "standard", "standard_only")
    ),
    "encodingformat": frozenset(("base64", "float")),
    "toolchoice": frozenset(("any", "auto", "none", "required")),
    "truncation": frozenset(("auto", "disabled")),
}
"""Request parameters with a word, and their words."""
# fmt: on

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
    """Of request parameters: the model, the known numbers and flags, and which format was asked for."""
    if depth > 4:
        return None
    key = key.replace("_", "").replace("-", "").lower()
    if isinstance(value, dict):
        known = value if depth == 0 or key in _SETTING_GROUPS else {}
        parts = {str(name): parameters(one, str(name), depth + 1) for name, one in known.items()}
        return {name: one for name, one in parts.items() if one is not None} or None
    if isinstance(value, (bool, int, float)):
        return value if key in _SETTINGS else None
    if not isinstance(value, str):
        return None
    if key in ("model", "modelname"):
        return value if "://" not in value and _IDENTIFIER.fullmatch(value) else None
    return value if value.lower() in _SETTING_WORDS.get(key, ()) else None


def counts(value: Any, key: str, depth: int) -> Any:
    """Of token counts and costs: the numbers under keys that tell of such."""
    if isinstance(value, dict) and depth <= 2:
        parts = {name: counts(one, name, depth + 1) for name, one in value.items() if _DETAIL.fullmatch(name)}
        return {name: one for name, one in parts.items() if one is not None} or None
    return value if depth and isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _is_known(name: str) -> bool:
    name = name.lower()
    return name in _STRUCTURE or name in _TOLD or name == "stream" or _COUNT.fullmatch(name) is not None
