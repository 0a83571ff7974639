import pytest

from collector.outcome import Failure, http_status_of, judge_failure
from tests.collector.otlp import CHAT, SpanSpec, rows


@pytest.mark.parametrize(
    ("error_type", "message", "status", "outcome"),
    [
        ("openai.RateLimitError", "Error code: 429", None, "rate_limited"),
        ("429", "", None, "rate_limited"),
        ("ThrottlingException", "", None, "rate_limited"),
        ("rate_limit_error", "", 429, "rate_limited"),
        ("APITimeoutError", "Request timed out.", None, "timeout"),
        ("botocore.exceptions.ReadTimeoutError", "", None, "timeout"),
        ("CancelledError", "", None, "cancelled"),
        (
            "BadRequestError",
            "The response was filtered due to Azure OpenAI's content management policy",
            400,
            "filtered",
        ),
        ("LengthFinishReasonError", "", None, "truncated"),
        ("pydantic_core._pydantic_core.ValidationError", "Invalid JSON", None, "format_invalid"),
        ("InternalServerError", "Error code: 500", None, "error"),
        ("APIConnectionError", "Connection error.", None, "error"),
        ("BadRequestError", "1 validation error", 400, "error"),
    ],
)
def test_a_failure_is_told_by_class_status_and_text(
    error_type: str, message: str, status: int | None, outcome: str
) -> None:
    assert judge_failure(Failure(error_type, message, status)).outcome == outcome


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Error code: 429 - slow down", 429),
        ("API error occurred: Status 500. Body", 500),
        ("(status code: 404)", 404),
        ("headers: {}, status_code: 429, body: {}", 429),
        ("503 UNAVAILABLE. overloaded", 503),
        ("took 429 tokens", None),
        ("", None),
    ],
)
def test_the_status_an_sdk_wrote_into_its_text(text: str, status: int | None) -> None:
    assert http_status_of(text) == status


@pytest.mark.parametrize(
    ("finish", "outcome"),
    [
        (["stop"], "ok"),
        ('["stop"]', "ok"),
        (["length"], "truncated"),
        (["stop", "length"], "truncated"),
        ("FinishReason.MAX_TOKENS", "truncated"),
        (["content-filter"], "filtered"),
        (["refusal"], "refused"),
        (["unexpected_tool_call"], "tool_invalid"),
        (["MALFORMED_FUNCTION_CALL"], "format_invalid"),
        (["something_new"], "ok"),
        ([""], "ok"),
    ],
)
def test_every_shape_of_a_finish_reason(finish: object, outcome: str) -> None:
    (row,) = rows(SpanSpec(1, attributes={**CHAT, "gen_ai.response.finish_reasons": finish}))
    assert row["outcome"] == outcome


def test_what_the_application_says_of_format_and_refusal() -> None:
    (row,) = rows(SpanSpec(1, attributes={**CHAT, "watchkeeper.format.valid": False}))
    assert (row["outcome"], row["outcome_reason"], row["format_valid"]) == (
        "format_invalid",
        "application_says_invalid",
        False,
    )
    (row,) = rows(SpanSpec(1, attributes={**CHAT, "watchkeeper.refused": True}))
    assert row["outcome"] == "refused"
    (row,) = rows(SpanSpec(1, attributes={**CHAT, "watchkeeper.format.valid": "true"}))
    assert (row["outcome"], row["format_valid"]) == ("ok", True)


def test_an_answer_that_is_no_json_where_json_was_asked_for() -> None:
    answer = '[{"role":"assistant","parts":[{"type":"text","content":"%s"}]}]'
    asked = {**CHAT, "gen_ai.output.type": "json"}
    (bad,) = rows(SpanSpec(1, attributes={**asked, "gen_ai.output.messages": answer % "Sure! {"}))
    (good,) = rows(SpanSpec(1, attributes={**asked, "gen_ai.output.messages": answer % "[1]"}))
    (unknown,) = rows(SpanSpec(1, attributes=asked))
    assert (bad["outcome"], bad["format_valid"]) == ("format_invalid", False)
    assert (good["outcome"], good["format_valid"]) == ("ok", True)
    assert (unknown["outcome"], unknown["format_valid"]) == ("ok", None)


def test_a_cut_off_json_answer_is_a_truncation_not_a_format_failure() -> None:
    attributes = {**CHAT, "gen_ai.output.type": "json", "gen_ai.response.finish_reasons": ["length"]}
    (row,) = rows(SpanSpec(1, attributes=attributes, error="1 validation error: Invalid JSON"))
    assert row["outcome"] == "truncated"


def test_an_error_span_keeps_a_class_and_never_the_text() -> None:
    event = ("exception", {"exception.type": "openai.RateLimitError", "exception.message": "429 about MARKPROMPT"})
    attributes = {key: CHAT[key] for key in ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model")}
    (row,) = rows(SpanSpec(1, attributes=attributes, error="429 about MARKPROMPT", events=[event]))
    assert (row["outcome"], row["error_type"], row["cost_status"]) == (
        "rate_limited",
        "openai.RateLimitError",
        "no_usage",
    )
    assert row["input_tokens"] is None
    assert "MARKPROMPT" not in str(row)
