"""Spans of Claude Code and Codex, written by hand from their documentation: neither runs without an account."""

from typing import Any

import pytest

from tests.collector.otlp import SpanSpec, rows

CLAUDE = "com.anthropic.claude_code.tracing"
CLAUDE_REQUEST: dict[str, Any] = {
    "span.type": "llm_request",
    "model": "claude-sonnet-4-5-20250929",
    "gen_ai.system": "anthropic",
    "gen_ai.request.model": "claude-sonnet-4-5-20250929",
    "session.id": "session-1",
    "attempt": 1,
}
CLAUDE_ANSWER: dict[str, Any] = CLAUDE_REQUEST | {
    "input_tokens": 120,
    "output_tokens": 340,
    "cache_read_tokens": 20_000,
    "cache_creation_tokens": 1_500,
    "ttft_ms": 850,
    "success": True,
    "stop_reason": "end_turn",
    "gen_ai.response.id": "msg_1",
}
CODEX_USAGE: dict[str, Any] = {
    "model": "gpt-5-codex",
    "gen_ai.usage.input_tokens": 5_000,
    "gen_ai.usage.output_tokens": 700,
    "gen_ai.usage.cache_read.input_tokens": 4_096,
    "codex.usage.reasoning_output_tokens": 512,
}


def _claude(attributes: dict[str, Any]) -> dict[str, Any]:
    interaction = SpanSpec(1, name="claude_code.interaction", scope=CLAUDE, attributes={"span.type": "interaction"})
    tool = SpanSpec(2, parent=1, name="claude_code.tool", scope=CLAUDE, attributes={"span.type": "tool"})
    request = SpanSpec(3, parent=1, name="claude_code.llm_request", scope=CLAUDE, attributes=attributes)
    [call] = rows(interaction, tool, request)
    return call


def _codex(attributes: dict[str, Any], scope: str = "codex_otel") -> dict[str, Any]:
    def span(number: int, parent: int, name: str, of: dict[str, Any]) -> SpanSpec:
        return SpanSpec(number, parent=parent, name=name, scope=scope, service="codex_cli_rs", attributes=of)

    loop, turn = span(1, 0, "session_loop", {}), span(2, 1, "run_turn", {"model": "gpt-5-codex"})
    [call] = rows(loop, turn, span(3, 2, "stream_request", attributes))
    return call


def test_claude_code_counts_its_cache_outside_its_input() -> None:
    call = _claude(CLAUDE_ANSWER)
    assert (call["input_tokens"], call["output_tokens"]) == (21_620, 340)
    assert (call["cache_read_tokens"], call["cache_write_tokens"]) == (20_000, 1_500)
    assert (call["provider"], call["response_id"], call["conversation_id"]) == ("anthropic", "msg_1", "session-1")
    assert (call["ttft_us"], call["is_stream"], call["outcome"]) == (850_000, True, "ok")


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        ({"success": False, "error": "overloaded", "status_code": 529}, "error"),
        ({"success": False, "error": "try again later", "status_code": "429"}, "rate_limited"),
        ({"success": "false", "error": "Request timed out."}, "timeout"),
        ({"success": False, "error": "Request was aborted."}, "cancelled"),
        (CLAUDE_ANSWER | {"stop_reason": "refusal"}, "refused"),
    ],
)
def test_claude_code_tells_how_a_request_failed(failure: dict[str, Any], outcome: str) -> None:
    assert _claude(CLAUDE_REQUEST | failure)["outcome"] == outcome


@pytest.mark.parametrize("scope", ["codex_otel", ""])
def test_codex_counts_the_request_and_not_the_turn_around_it(scope: str) -> None:
    call = _codex(CODEX_USAGE, scope)
    assert (call["provider"], call["request_model"], call["is_stream"]) == ("openai", "gpt-5-codex", True)
    assert (call["input_tokens"], call["cache_read_tokens"]) == (5_000, 4_096)
    assert (call["output_tokens"], call["reasoning_tokens"]) == (700, 512)


def test_a_codex_build_that_puts_no_tokens_on_spans_is_counted_without_any() -> None:
    call = _codex({"model": "gpt-5-codex"})
    assert (call["request_model"], call["input_tokens"], call["output_tokens"]) == ("gpt-5-codex", None, None)
