"""OpenAI's exports: Costs and Usage API (organization endpoints, as of November 2026), and the dashboard's CSV files.

Sources: the API reference of ``/v1/organization/costs`` and ``/v1/organization/usage/…``; the columns of the
dashboard's files as of October 2025, which carry the same names.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from api.reconciling.export import Export, ExportRow, Fields, Tokens, total, unreadable
from watchkeeper.price_names import canonical_tier

PROVIDER = "openai"
_RESULT = "organization."
_TOKEN_RESULTS = ("organization.usage.completions.result", "organization.usage.embeddings.result")
_THOUSANDS = {"tokens": 1, "1000_tokens": 1_000}


def from_pages(pages: Iterable[Fields]) -> Export:
    """Costs and usage of any mix of pages."""
    rows: list[ExportRow] = []
    buckets: list[datetime] = []
    skipped: dict[str, int] = {}
    is_cut = False
    for page in pages:
        is_cut = page.values.get("has_more") is True
        for bucket in page.objects("data"):
            begin = bucket.moment("start_time")
            buckets.append(begin)
            for result in bucket.objects("results" if "results" in bucket.values else "result"):
                kind = result.text("object")
                if kind == "organization.costs.result":
                    rows.append(_cost(result, ExportRow(begin)))
                elif kind in _TOKEN_RESULTS:
                    rows.append(_usage(result, ExportRow(begin)))
                elif kind.startswith(_RESULT):
                    skipped[kind] = skipped.get(kind, 0) + 1
                else:
                    raise unreadable(f"{result.place}.object", f"{kind!r} is no result of OpenAI's usage or costs API")
    form = "OpenAI Costs API" if any(row.usd is not None for row in rows) else "OpenAI Usage API"
    return Export(PROVIDER, f"{form} (JSON, 2026-11)", tuple(rows), tuple(dict.fromkeys(buckets)), is_cut, skipped)


def from_costs_csv(lines: Iterable[Fields]) -> Export:
    """The dashboard's file of costs: a line without an amount is a day without costs."""
    rows, buckets = [], []
    for line in lines:
        begin = line.moment("start_time", "start_time_iso")
        buckets.append(begin)
        if line.dollars("amount_value") is not None:
            _check_currency(line, "amount_currency")
            row = _line_item(line, ExportRow(begin, usd=line.dollars("amount_value")))
            rows.append(row)
    return Export(PROVIDER, "OpenAI dashboard costs (CSV, 2025-10)", tuple(rows), tuple(dict.fromkeys(buckets)))


def from_usage_csv(lines: Iterable[Fields]) -> Export:
    """The dashboard's file of completions or embeddings: a line without counts is a bucket without usage."""
    rows, buckets = [], []
    for line in lines:
        begin = line.moment("start_time", "start_time_iso")
        buckets.append(begin)
        if line.count("input_tokens") is not None:
            rows.append(_usage(line, ExportRow(begin)))
    return Export(PROVIDER, "OpenAI dashboard usage (CSV, 2025-10)", tuple(rows), tuple(dict.fromkeys(buckets)))


def _usage(result: Fields, row: ExportRow) -> ExportRow:
    is_batch = result.text("batch").lower() == "true"
    return replace(
        row,
        model=result.text("model"),
        tier="batch" if is_batch else canonical_tier(result.text("service_tier")),
        requests=result.count("num_model_requests"),
        tokens=Tokens(
            input=result.count("input_tokens"),
            cache_read=result.count("input_cached_tokens"),
            cache_write=result.count("input_cache_write_tokens"),
            output=result.count("output_tokens"),
        ),
    )


def _cost(result: Fields, row: ExportRow) -> ExportRow:
    amount = result.nested("amount")
    _check_currency(amount, "currency")
    return _line_item(result, replace(row, usd=amount.dollars("value")))


def _check_currency(fields: Fields, name: str) -> None:
    if fields.text(name).lower() not in ("", "usd"):
        raise unreadable(
            f"{fields.place}.{name}", f"{fields.text(name)!r}: only dollars can be compared with our prices"
        )


def _line_item(fields: Fields, row: ExportRow) -> ExportRow:
    """``gpt-4o-2024-08-06, cached input`` is a model and a kind of token; a name without comma is something else."""
    item = fields.text("line_item")
    if not item:
        return row
    model, comma, kind = (part.strip().lower() for part in item.rpartition(","))
    if not comma or " " in model:
        return replace(row, item=item)
    tier = "batch" if "batch" in kind else ""
    tokens = _tokens(kind, _quantity(fields))
    if tokens is None:
        return replace(row, model=model, item=item)
    return replace(row, model=model, tier=tier, tokens=tokens)


def _quantity(fields: Fields) -> int | None:
    unit = _THOUSANDS.get(fields.text("quantity_unit"))
    quantity = fields.dollars("quantity")
    return None if unit is None or quantity is None else int((quantity * Decimal(unit)).to_integral_value())


def _tokens(kind: str, count: int | None) -> Tokens | None:
    if "output" in kind:
        return Tokens(output=count)
    if "input" not in kind:
        return None
    if "write" in kind:
        return Tokens(input=count, cache_write=count)
    return Tokens(input=count, cache_read=count) if "cache" in kind else Tokens(input=total(count))
