"""Advice as its pages show it: each route as soon as it is compared, words, intervals, requirements."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request

from api.advising.models import ChangeItem
from api.comparing.verdict import Verdict
from api.requirements.models import Origin, RequirementField
from api.web.address import Address
from api.web.advice_shown import LEVELS, change_rows, mark, requirement_rows
from api.web.rendering import Renderer
from tests.web.traffic import NOW
from watchkeeper.clock import ManualClock


def change(**values: Any) -> ChangeItem:
    given: dict[str, Any] = {
        "metric": "error", "verdict": Verdict.NOT_WORSE, "estimate": 0.012, "low": -0.003, "high": 0.02,
        "unit": "rate", "reason": "the whole interval is within the margin", "calls_needed": None,
    }  # fmt: skip
    return ChangeItem(**{**given, **values})


def test_a_change_has_its_size_interval_and_verdict_in_words() -> None:
    (row,) = change_rows([change()])
    assert (row.metric, row.kind, row.verdict) == ("error", "good", "not worse")
    assert (row.size, row.interval) == ("+1.2 points", "-0.3 to +2 points")
    (slower,) = change_rows([change(metric="time_to_first_token", unit="share", estimate=0.5, low=0.4, high=0.6)])
    assert (slower.metric, slower.size, slower.interval) == ("time to first token", "+50 %", "+40 to +60 %")


@pytest.mark.parametrize(
    ("low", "high", "interval"),
    [(None, None, "unknown"), (0.01, None, "+1 to any more points"), (None, 0.02, "any less to +2 points")],
)
def test_an_end_that_is_not_known_is_not_nought(low: float | None, high: float | None, interval: str) -> None:
    (row,) = change_rows([change(low=low, high=high, estimate=None, verdict=Verdict.CANNOT_TELL, calls_needed=1_200)])
    assert (row.size, row.interval, row.kind) == ("unknown", interval, "unsure")
    assert row.why.endswith("; a verdict takes 1,200 calls of either")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "nothing required"),
        (True, "yes"),
        (32_000, "32,000"),
        (Decimal("51.100000000"), "51.1"),
        (("text", "image"), "text, image"),
        ({"aws_bedrock": ("eu-central-1",)}, "aws bedrock: eu-central-1"),
        ("near_real_time", "near real time"),
    ],
    ids=["none", "yes", "number", "dollars", "several", "by provider", "word"],
)
def test_a_requirement_is_told_in_words(value: Any, shown: str) -> None:
    (row,) = requirement_rows([RequirementField(name="x", value=value, origin=Origin.STATED, why="")])
    assert (row.value, row.origin) == (shown, "stated")


@pytest.mark.parametrize(
    ("decision", "reason", "kind"),
    [
        ("stay", "no_saving", "good"),
        ("stay", "degraded_no_alternative", "warn"),
        ("re_route", "degraded", "bad"),
        ("migrate", "cheaper", "warn"),
    ],
)
def test_to_stay_is_good_only_where_the_route_is_well(decision: str, reason: str, kind: str) -> None:
    assert mark(decision, reason) == kind


def test_what_is_not_required_comes_last() -> None:
    fields = [
        RequirementField(name=name, value=value, origin=Origin.UNKNOWN, why="")
        for name, value in (("a", None), ("b", 0), ("c", None), ("d", False))
    ]
    assert [row.name for row in requirement_rows(fields)] == ["b", "d", "a", "c"]


def test_a_route_is_sent_as_soon_as_it_is_compared_and_one_that_fails_keeps_no_other_back() -> None:
    made: list[str] = []

    def items() -> Iterator[tuple[str, None, str]]:
        for route in ("first", "second"):
            made.append(route)
            yield route, None, "it took too long"

    async def sent() -> list[tuple[str, list[str]]]:
        return [(str(piece), list(made)) async for piece in response.body_iterator]

    request = Request(
        {"type": "http", "method": "GET", "path": "/advice", "query_string": b"", "headers": [], "state": {}}
    )
    response = Renderer(ManualClock(NOW)).stream(
        request, "advice.html", found=SimpleNamespace(begin=NOW, end=NOW, routes=("x",), total=2), items=items(),
        address=Address("/advice"), periods=(), mark=mark, levels=LEVELS, following=None,
    )  # fmt: skip
    head, first, second, rest = asyncio.run(sent())
    assert "<h1>Advice</h1>" in head[0] and head[1] == []
    assert "first" in first[0] and "it took too long" in first[0] and first[1] == ["first"]
    assert "second" in second[0] and rest[0].rstrip().endswith("</html>")
    assert "\0" not in "".join(piece for piece, _ in (head, first, second, rest))
