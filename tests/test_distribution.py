"""No test is lost on its way to a process, and those that wait start first."""

import pytest

from tests.distribution import computes, refuse_repetitions


def test_tests_that_share_an_id_are_refused_by_name() -> None:
    refuse_repetitions(["a.py::test[1]", "a.py::test[2]"])
    with pytest.raises(pytest.UsageError, match=r"a\.py::test\[1\]$"):
        refuse_repetitions(["a.py::test[1]", "a.py::test[2]", "a.py::test[1]"])


@pytest.mark.parametrize(("mark", "first"), [("e2e", True), ("kafka", True), ("clickhouse", False)])
def test_what_waits_comes_first(request: pytest.FixtureRequest, mark: str, first: bool) -> None:
    request.node.add_marker(mark)
    assert computes(request.node) != first
