"""Anthropic's exports: Usage and Cost Admin API (anthropic-version 2023-06-01), and the Console's CSV files.

Sources: the API reference of ``/v1/organizations/usage_report/messages`` and ``/v1/organizations/cost_report``; the
columns of the Console's files as of 2026. The API counts cents, the files dollars; input comes without cached tokens.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from api.reconciling.export import Export, ExportRow, Fields, Tokens, total, unreadable
from watchkeeper.price_names import canonical_tier

PROVIDER = "anthropic"
_CENTS = 100
_NOT_A_SLUG = re.compile(r"[ ._]+")
_TOKENS = ("", "token", "tokens")


def from_pages(pages: Iterable[Fields]) -> Export:
    """Usage and cost reports in any mix of pages."""
    rows: list[ExportRow] = []
    buckets, is_cut = [], False
    for page in pages:
        is_cut = page.values.get("has_more") is True
        for bucket in page.objects("data"):
            begin = bucket.moment("starting_at")
            buckets.append(begin)
            for result in bucket.objects("results"):
                if "uncached_input_tokens" in result.values:
                    rows.append(_usage(result, ExportRow(begin)))
                elif "amount" in result.values:
                    rows.append(_cost(result, ExportRow(begin)))
                else:
                    raise unreadable(result.place, "neither uncached_input_tokens nor amount: no usage or cost report")
    form = "Anthropic cost report" if any(row.usd is not None for row in rows) else "Anthropic messages usage report"
    return Export(PROVIDER, f"{form} (JSON, 2023-06-01)", tuple(rows), tuple(dict.fromkeys(buckets)), is_cut)


def from_usage_csv(lines: Iterable[Fields]) -> Export:
    """The Console's file of tokens (``claude_api_tokens_….csv``)."""
    rows = [_usage_line(line, ExportRow(line.moment("usage_date_utc"))) for line in lines]
    return Export(PROVIDER, "Anthropic Console usage (CSV, 2026)", tuple(rows), _buckets(rows))


def from_costs_csv(lines: Iterable[Fields]) -> Export:
    """The Console's file of costs (``claude_api_cost_….csv``)."""
    rows = [_cost_line(line, ExportRow(line.moment("usage_date_utc"))) for line in lines]
    return Export(PROVIDER, "Anthropic Console costs (CSV, 2026)", tuple(rows), _buckets(rows))


def slug(name: str) -> str:
    """``Claude Sonnet 4.5``, as the Console shows it, in the spelling of the API: ``claude-sonnet-4-5``."""
    return _NOT_A_SLUG.sub("-", name.strip().lower())


def _usage(result: Fields, row: ExportRow) -> ExportRow:
    created = result.nested("cache_creation")
    written = total(created.count("ephemeral_5m_input_tokens"), created.count("ephemeral_1h_input_tokens"))
    read = result.count("cache_read_input_tokens")
    return replace(
        row,
        model=slug(result.text("model")),
        tier=canonical_tier(result.text("service_tier")),
        tokens=Tokens(
            input=total(result.count("uncached_input_tokens"), read, written),
            cache_read=read,
            cache_write=written,
            output=result.count("output_tokens"),
        ),
    )


def _usage_line(line: Fields, row: ExportRow) -> ExportRow:
    written = total(line.count("usage_input_tokens_cache_write_5m"), line.count("usage_input_tokens_cache_write_1h"))
    read = line.count("usage_input_tokens_cache_read")
    return replace(
        row,
        model=slug(line.text("model_version", "model")),
        tier=_tier(line),
        tokens=Tokens(
            input=total(line.count("usage_input_tokens_no_cache"), read, written),
            cache_read=read,
            cache_write=written,
            output=line.count("usage_output_tokens"),
        ),
    )


def _cost(result: Fields, row: ExportRow) -> ExportRow:
    _check_currency(result)
    cents = result.dollars("amount")
    kind = result.text("cost_type").lower()
    return replace(
        row,
        model=slug(result.text("model")),
        tier=canonical_tier(result.text("service_tier")),
        usd=None if cents is None else cents / _CENTS,
        item="" if kind in _TOKENS else kind,
    )


def _cost_line(line: Fields, row: ExportRow) -> ExportRow:
    kind = line.text("cost_type").lower()
    return replace(
        row,
        model=slug(line.text("model", "model_version")),
        tier=_tier(line),
        usd=line.dollars("cost_usd"),
        item="" if kind in _TOKENS else kind,
    )


def _tier(line: Fields) -> str:
    """``usage_type`` says message, standard or batch; ``speed`` is a tier of its own."""
    usage = line.text("usage_type").lower()
    return "batch" if "batch" in usage else canonical_tier(line.text("service_tier") or line.text("speed"))


def _check_currency(fields: Fields) -> None:
    if fields.text("currency").lower() not in ("", "usd"):
        raise unreadable(f"{fields.place}.currency", f"{fields.text('currency')!r}: only dollars can be compared")


def _buckets(rows: Iterable[ExportRow]) -> tuple[datetime, ...]:
    return tuple(dict.fromkeys(row.at for row in rows))
