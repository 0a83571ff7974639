"""What counts as a difference between a Grafana's JSON and ours."""

from typing import Any

import pytest

from dashboards.pushing.differences import MISSING, Difference, differences

CASES = [
    pytest.param({"a": 1}, {"a": 1, "b": 2}, [], id="what only Grafana knows"),
    pytest.param({"a": None, "b": [], "c": False, "d": ""}, {}, [], id="empty and missing"),
    pytest.param({"a": 0}, {}, [Difference("a", None, 0)], id="0 is a number"),
    pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, [Difference("a.b", 2, 1)], id="within"),
    pytest.param(
        [{"title": "A"}, {"title": "B"}], [{"title": "B"}], [Difference("[A]", MISSING, {"title": "A"})], id="one less"
    ),
    pytest.param(
        [{"title": "A", "w": 1}, {"title": "A", "w": 2}],
        [{"title": "A", "w": 1}, {"title": "A", "w": 3}],
        [Difference("[A, 2].w", 3, 2)],
        id="two of a name",
    ),
    pytest.param([1, 2], [1, 3], [Difference("[1]", 3, 2)], id="without names"),
    pytest.param([1], [1, 3], [Difference("[1]", 3, MISSING)], id="longer there"),
    pytest.param({"a": [1]}, {"a": "1"}, [Difference("a", "1", [1])], id="another type"),
]


@pytest.mark.parametrize(("ours", "there", "found"), CASES)
def test_differences_are_found_where_they_are(ours: Any, there: Any, found: list[Difference]) -> None:
    assert list(differences(ours, there)) == found
