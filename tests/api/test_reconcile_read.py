"""Exports of either provider in every form, and files that are none."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from api.problems import Problem
from api.reconciling.export import ExportRow, Tokens
from api.reconciling.read import read_export
from tests.api import bills

DAY = bills.DAY
START = int(DAY.timestamp())


def test_openai_usage_pages() -> None:
    page = bills.openai_usage(
        {
            "model": "gpt-4o-2024-08-06",
            "num_model_requests": 3,
            "input_tokens": 900,
            "output_tokens": 70,
            "input_cached_tokens": 512,
            "batch": True,
        },
        {
            "model": "gpt-4o-mini",
            "num_model_requests": 1,
            "input_tokens": 10,
            "output_tokens": 2,
            "service_tier": "default",
        },
    )
    export = read_export(page, "openai")
    assert export.form == "OpenAI Usage API (JSON, 2026-11)"
    assert export.rows == (
        ExportRow(DAY, "gpt-4o-2024-08-06", "batch", 3, Tokens(900, 512, None, 70)),
        ExportRow(DAY, "gpt-4o-mini", "", 1, Tokens(10, None, None, 2)),
    )
    assert (export.has_tokens, export.has_usd, export.is_cut) == (True, False, False)


def test_pages_of_openai_costs_tell_models_and_kinds_of_tokens_by_their_line_items() -> None:
    page = bills.openai_costs(
        ("gpt-4o-2024-08-06, input", 1.5),
        ("gpt-4o-2024-08-06, cached input", 0.1),
        ("gpt-6-astra, output_tokens", 2.25),
        ("gpt-4o-mini, batch output", 0.5),
        ("web search tool calls", 0.03),
        (None, 7),
        quantity=2.5,
        quantity_unit="1000_tokens",
    )
    rows = read_export(page).rows
    assert [(row.model, row.tier, row.tokens, row.usd, row.item) for row in rows] == [
        ("gpt-4o-2024-08-06", "", Tokens(input=2_500), Decimal("1.5"), ""),
        ("gpt-4o-2024-08-06", "", Tokens(input=2_500, cache_read=2_500), Decimal("0.1"), ""),
        ("gpt-6-astra", "", Tokens(output=2_500), Decimal("2.25"), ""),
        ("gpt-4o-mini", "batch", Tokens(output=2_500), Decimal("0.5"), ""),
        ("", "", Tokens(), Decimal("0.03"), "web search tool calls"),
        ("", "", Tokens(), Decimal(7), ""),
    ]


def test_pages_may_come_as_one_list_and_the_last_says_whether_more_exist() -> None:
    usage = {"model": "gpt-4o", "num_model_requests": 1, "input_tokens": 1, "output_tokens": 1}
    first = bills.openai_usage(usage, has_more=True)
    last = bills.openai_usage(usage, day=DAY + timedelta(days=1))
    both = read_export(b"[" + first + b"," + last + b"]")
    assert both.buckets == (DAY, DAY + timedelta(days=1))
    assert not both.is_cut
    assert read_export(first).is_cut


def test_files_of_openais_dashboard() -> None:
    costs = bills.table(
        bills.OPENAI_COSTS,
        (START, START + 86_400, "", "", "0.8958740000000000", "usd", "gpt-4o, input", ""),
        (START + 86_400, "", "", "", "", "", "", ""),
    )
    export = read_export(costs, "openai")
    assert export.rows == (ExportRow(DAY, "gpt-4o", usd=Decimal("0.895874")),)
    assert export.buckets == (DAY, DAY + timedelta(days=1))
    usage = bills.table(
        bills.OPENAI_USAGE,
        (START, "", "", "", "p", 4, "u", "k", "gpt-5-mini", "False", "flex", 100, 20, 40),
        (START, "", "", "", "", "", "", "", "", "", "", "", "", ""),
    )
    assert read_export(usage).rows == (ExportRow(DAY, "gpt-5-mini", "flex", 4, Tokens(100, 40, None, 20)),)


def test_anthropics_reports() -> None:
    usage = bills.anthropic_page(bills.anthropic_usage("claude-sonnet-4-5-20250929", 1_500, 200, (500, 1_000), 500))
    export = read_export(usage, "anthropic")
    assert export.form == "Anthropic messages usage report (JSON, 2023-06-01)"
    assert export.rows == (ExportRow(DAY, "claude-sonnet-4-5-20250929", tokens=Tokens(3_200, 200, 1_500, 500)),)
    costs = bills.anthropic_page(
        bills.anthropic_cost("claude-opus-4-5", "12378.912"),
        bills.anthropic_cost(None, "1000", cost_type="web_search"),
        bills.anthropic_cost("claude-opus-4-5", "50", service_tier="batch"),
    )
    assert [(row.model, row.usd, row.item, row.tier) for row in read_export(costs).rows] == [
        ("claude-opus-4-5", Decimal("123.78912"), "", ""),
        ("", Decimal(10), "web_search", ""),
        ("claude-opus-4-5", Decimal("0.5"), "", "batch"),
    ]


def test_files_of_anthropics_console() -> None:
    usage = bills.table(
        bills.ANTHROPIC_USAGE,
        ("2026-05-28", "claude-haiku-4-5-20251001", "k", "w", "batch", "≤ 200k", 100, 10, 20, 5, 50, 0, "global", ""),
    )
    assert read_export(usage).rows == (
        ExportRow(DAY, "claude-haiku-4-5-20251001", "batch", tokens=Tokens(135, 5, 30, 50)),
    )
    costs = bills.table(
        bills.ANTHROPIC_COSTS,
        ("2026-05-28", "Claude Sonnet 4.5", "", "k", "message", "≤ 200k", "output", "0.13", "0.2", "token", "", ""),
        ("2026-05-28", "", "", "k", "message", "", "", "0.5", "", "web_search", "", ""),
    )
    assert [(row.model, row.usd, row.item) for row in read_export(costs, "anthropic").rows] == [
        ("claude-sonnet-4-5", Decimal("0.13"), ""),
        ("", Decimal("0.5"), "web_search"),
    ]


def test_spreadsheets_write_other_delimiters() -> None:
    text = "usage_date_utc;model;cost_usd\n2026-05-28;Claude Opus 4.6;1.50\n\n"
    assert read_export(text.encode()).rows[0].usd == Decimal("1.5")


def test_days_that_begin_elsewhere_are_told_by_the_buckets() -> None:
    usage = {"model": "gpt-4o", "num_model_requests": 1, "input_tokens": 1, "output_tokens": 1}
    export = read_export(bills.openai_usage(usage, day=datetime(2026, 5, 28, 7, tzinfo=UTC)))
    assert export.day_offset == timedelta(hours=7)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "It is empty"),
        (b"  \n", "It is empty"),
        (b"\x1f\x8b\x08\x00", "byte 1: the file is not UTF-8"),
        (b"{", "line 1, column 2: no JSON"),
        (b"{}", "the document: no page with a list `data`"),
        (b"[1]", "[0]: no page with a list `data`"),
        (b'{"data": []}', "no time buckets"),
        (b'{"data": [{"x": 1}]}', "data[0]: neither start_time nor starting_at"),
        (b'{"data": [{"start_time": 1}]}', "data[0].start_time: 1 is no time"),
        (b'{"data": [{"start_time": 1780000000}]}', "data[0].result: a list was expected"),
        (b'{"data": [{"start_time": 1780000000, "results": [3]}]}', "data[0].results[0]: an object was expected"),
        (b'{"data": [{"start_time": 1780000000, "results": [{"object": "cat"}]}]}', "'cat' is no result of OpenAI"),
        (b'{"data": [{"starting_at": "2026-05-28", "results": [{}]}]}', "neither uncached_input_tokens nor amount"),
        (bills.openai_usage({"model": "m", "input_tokens": -1}), "data[0].results[0].input_tokens: -1 is no count"),
        (bills.openai_usage({"model": "m", "input_tokens": True}), "input_tokens: True is no number"),
        (bills.openai_costs(("x, input", 1.0)).replace(b"usd", b"eur"), "'eur': only dollars"),
        (b"a,b\n1,2\n", "row 1: the columns 'a, b' are of no export we know"),
        (b"usage_date_utc,cost_usd\n", "a header and no rows"),
        (b"usage_date_utc,cost_usd\nsoon,1\n", "row 2, column usage_date_utc: 'soon' is no time"),
        (b'usage_date_utc,cost_usd\n2026-05-28,"1,5"\n', "row 2, column cost_usd: '1,5' is no number (write 1234.5)"),
        (b"usage_date_utc,cost_usd\n2026-05-28,1e400\n", "row 2, column cost_usd: '1e400' is too large"),
        (b"usage_date_utc,cost_usd\n2026-05-28,1,2,3\n", "row 2: 4 cells, but the first row names 2 columns"),
        (b"start_time,amount_value\n99999999999999999999,1\n", "row 2, column start_time"),
        (b"usage_date_utc,cost_usd\n2026-05-28," + b"9" * 200_000, "row 2: no CSV: field larger than"),
    ],
    ids=range(24),
)
def test_a_file_that_is_wrong_is_told_with_place_and_mend(content: bytes, said: str) -> None:
    with pytest.raises(Problem) as problem:
        read_export(content)
    assert said in problem.value.detail
    assert problem.value.status == 422


def test_another_providers_export_is_refused() -> None:
    with pytest.raises(Problem, match="This is OpenAI Costs API .* not an export of anthropic"):
        read_export(bills.openai_costs(("gpt-4o, input", 1.0)), "anthropic")
