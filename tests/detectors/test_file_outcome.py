"""How calls ended, from what a file says of them."""

from typing import Any

import pytest

from detectors.file_outcome import outcome_of, with_outcome
from tests.detectors.made_calls import calls
from watchkeeper.schema import Outcome


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (("", None, "stop", None, False), Outcome.OK),
        (("RateLimitError", None, "", None, None), Outcome.RATE_LIMITED),
        (("ServerError", 429, "", None, None), Outcome.RATE_LIMITED),
        (("", 504, "", None, None), Outcome.TIMEOUT),
        (("ReadTimeout", None, "", None, None), Outcome.TIMEOUT),
        (("BadRequest: content_filter", 400, "", None, None), Outcome.FILTERED),
        (("CancelledError", None, "", None, None), Outcome.CANCELLED),
        (("ValueError", 200, "stop", None, None), Outcome.ERROR),
        (("", 500, "stop", None, None), Outcome.ERROR),
        (("", 200, "MAX_TOKENS", None, None), Outcome.TRUNCATED),
        (("", 200, "refusal", None, None), Outcome.REFUSED),
        (("", 200, "SAFETY", None, None), Outcome.FILTERED),
        (("", 200, "stop", False, None), Outcome.FORMAT_INVALID),
        (("", 200, "stop", None, True), Outcome.EMPTY),
        (("", 200, "tool_calls", None, True), Outcome.OK),
    ],
)
def test_facts_are_weighed_in_a_fixed_order(facts: tuple[Any, ...], outcome: Outcome) -> None:
    assert outcome_of(*facts) is outcome


def test_what_the_file_says_stands_and_the_rest_is_derived() -> None:
    table = calls(
        [1.0, 2.0, 3.0, 4.0],
        outcome=["Success", "weird", "", "refused"],
        error_type=["", "Timeout", "", "Timeout"],
        finish_reason=["stop", "", "length", ""],
    )
    found, unknown = with_outcome(table)
    assert found["outcome"].to_pylist() == ["ok", "timeout", "truncated", "refused"]
    assert unknown == 1
    assert found.schema == table.schema


def test_zero_output_tokens_are_empty_answers_only_where_the_file_counts_them() -> None:
    some = calls([1.0, 2.0, 3.0], outcome="", output_tokens=[0, 5, 0], operation=["chat", "chat", "embeddings"])
    assert with_outcome(some)[0]["outcome"].to_pylist() == ["empty", "ok", "ok"]
    none = calls([1.0, 2.0], outcome="", output_tokens=[0, 0])
    assert with_outcome(none)[0]["outcome"].to_pylist() == ["ok", "ok"]
