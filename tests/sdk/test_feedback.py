"""Feedback: on the current call, or later by the answer's id; the platform stores a score, and no call more."""

import logging
from typing import Any

import pytest

from collector.scores import Score
from tests.sdk.platform import rows, staged
from watchkeeper_sdk import expect_json, feedback, llm_call, refused, tenant
from watchkeeper_sdk.testing import Calls


def scores(calls: Calls) -> list[Score]:
    found = staged([call.span for call in calls])
    assert not found.bad, "no dead letter"
    return list(found.scores)


def test_inside_an_open_call(calls: Calls) -> None:
    with llm_call("openai", "gpt-4o"):
        calls.clock.advance(2)
        feedback(0.75, "quite good", name="helpfulness", source="judge")
    (score,) = scores(calls)
    assert (score.name, score.value, score.label, score.source) == ("helpfulness", 0.75, "quite good", "judge")
    (row,) = rows(calls)
    assert (score.trace_id, score.span_id, score.service) == (row["trace_id"], row["span_id"], "shop")
    assert score.ts_us * 1_000 == calls.clock.time_ns()


def test_after_the_call(calls: Calls) -> None:
    with llm_call("openai", "gpt-4o"):
        pass
    calls.clock.advance(2)
    feedback(True)
    feedback(label="thumbs down")
    (row,) = rows(calls)
    assert [(one.value, one.label, one.source) for one in scores(calls)] == [
        (1.0, "", "feedback"),
        (None, "thumbs down", "feedback"),
    ]
    assert {one.span_id for one in scores(calls)} == {row["span_id"]}
    assert [one["gen_ai.evaluation.name"] for one in calls[0].feedback] == ["feedback", "feedback"]


def test_later_by_the_answers_id(calls: Calls) -> None:
    with llm_call("openai", "gpt-4o") as call:
        call.response(id="resp_1")
    calls.clock.advance(86_400)
    with tenant("acme"):
        feedback(0, response_id="resp_1")
    assert [row["response_id"] for row in rows(calls)] == ["resp_1"], "the extra span is no call"
    (score,) = scores(calls)
    assert (score.response_id, score.value, score.source) == ("resp_1", 0.0, "feedback")


def test_by_id_it_becomes_neither_the_current_call_nor_is_it_held(calls: Calls) -> None:
    with expect_json() as expectation:
        with llm_call("openai", "gpt-4o") as call:
            call.response(id="resp_1")
        feedback(1, response_id="resp_0")
        assert len(scores(calls)) == 1
        expectation.check("{")
    refused()
    sent = calls.assert_one(response_id="resp_1")
    assert (sent.format_valid, sent.refused) == (False, True)


@pytest.mark.parametrize(
    "given", [{}, {"score": float("nan")}, {"score": float("inf")}, {"score": "good"}, {"score": [1]}]
)
def test_what_is_no_feedback_is_not_sent(lenient: Calls, given: dict[str, Any]) -> None:
    with llm_call("openai", "gpt-4o"):
        feedback(**given)
        feedback(**given, response_id="resp_1")
    assert scores(lenient) == [] and len(rows(lenient)) == 1


def test_texts_are_bounded_and_a_wrong_source_is_an_evaluation(calls: Calls) -> None:
    with llm_call("openai", "gpt-4o"):
        feedback(1, "l" * 999, name="n" * 999, source="s" * 9)
    (score,) = scores(calls)
    assert (len(score.label), len(score.name), score.source) == (200, 200, "evaluation")


def test_without_a_call_it_is_said(lenient: Calls, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "watchkeeper_sdk"):
        feedback(1.0)
    assert "feedback() without response_id found no model call" in caplog.text and len(lenient) == 0
