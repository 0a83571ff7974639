"""Series and their text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.series import SeriesKey

WORDS = st.text(st.sampled_from("a|\\*\n é"), max_size=6) | st.text(max_size=8)


@pytest.mark.property
@example(["", "", "", "", ""])
@example(["a\\", "|", "\\|", "\\\\", "b"])
@given(st.lists(WORDS, min_size=5, max_size=5))
def test_a_series_is_read_back_from_its_text(parts: list[str]) -> None:
    key = SeriesKey(*parts)
    assert SeriesKey.parse(str(key)) == key


@pytest.mark.property
@given(st.lists(WORDS, min_size=10, max_size=10))
def test_two_series_have_two_texts(parts: list[str]) -> None:
    one, other = SeriesKey(*parts[:5]), SeriesKey(*parts[5:])
    assert (str(one) == str(other)) is (one == other)


def test_a_plain_series_is_its_parts_with_bars_between() -> None:
    assert str(SeriesKey("shop", "buy", "openai", "gpt-x", "gpt-x-1")) == "shop|buy|openai|gpt-x|gpt-x-1"


@pytest.mark.parametrize("text", ["", "a|b|c|d", "a|b|c|d|e|f", "a\\|b|c|d|e"])
def test_what_has_not_five_parts_is_no_series(text: str) -> None:
    with pytest.raises(ValueError, match="is no series: write service|route"):
        SeriesKey.parse(text)
