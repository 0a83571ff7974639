"""How much one question may ask for: refused with the setting that sets the bound."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from api.bounds import Bounds
from api.problems import Problem

BOUNDS = Bounds(max_days=90, max_groups=2, max_rows=1_000)
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ask", "said", "setting"),
    [
        pytest.param(
            lambda: BOUNDS.check_period(NOW - timedelta(days=91), NOW),
            "91 days; choose at most 90",
            "WATCHKEEPER_API_MAX_DAYS",
            id="days",
        ),
        pytest.param(
            lambda: BOUNDS.check_groups(["model", "route", "service"]),
            "3 dimensions; choose at most 2",
            "WATCHKEEPER_API_MAX_GROUPS",
            id="groups",
        ),
        pytest.param(lambda: BOUNDS.check_rows(1_001), "more than 1,000 rows", "WATCHKEEPER_API_MAX_ROWS", id="rows"),
    ],
)
def test_what_goes_beyond_is_a_422_that_says_what_to_do(ask: Callable[[], None], said: str, setting: str) -> None:
    with pytest.raises(Problem) as refused:
        ask()
    assert (refused.value.status, refused.value.title) == (422, "Too much at once")
    assert said in refused.value.detail and setting in refused.value.detail


def test_what_is_just_within_goes_through() -> None:
    BOUNDS.check_period(NOW - timedelta(days=90), NOW)
    BOUNDS.check_groups(["model", "route"])
    BOUNDS.check_rows(1_000)
