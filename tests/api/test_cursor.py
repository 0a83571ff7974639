"""Cursors: what was written reads back, and nothing else does."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.answers.cursor import Cursor, read_cursor
from api.problems import Problem

QUESTION = (("model",), "1d")
CURSOR = Cursor(30, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))


def test_a_cursor_reads_back_for_its_own_question_only() -> None:
    text = CURSOR.write(QUESTION)
    assert read_cursor(text, QUESTION) == CURSOR
    with pytest.raises(Problem, match="another question"):
        read_cursor(text, (("route",), "1d"))


@pytest.mark.property
@settings(deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_any_other_text_is_a_problem_and_no_failure(text: str) -> None:
    with pytest.raises(Problem) as refused:
        read_cursor(text, QUESTION)
    assert refused.value.status == 422
