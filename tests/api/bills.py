"""Providers' exports as their documentation shows them, made for stored calls that a test knows."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

DAY = datetime(2026, 5, 28, tzinfo=UTC)
"""The day of ``call_rows``."""
_DAY_S = 86_400


def openai_usage(*results: Mapping[str, Any], day: datetime = DAY, **page: Any) -> bytes:
    """A page of ``/v1/organization/usage/completions``, one bucket of a day."""
    full = [{"object": "organization.usage.completions.result", **_OPENAI_KEYS, **result} for result in results]
    return _openai_page(day, full, page)


_OPENAI_KEYS = {"project_id": None, "user_id": None, "api_key_id": None, "batch": None, "service_tier": None}


def openai_costs(*results: tuple[str | None, float], day: datetime = DAY, **more: Any) -> bytes:
    """A page of ``/v1/organization/costs``: line items and dollars."""
    full = [
        {
            "object": "organization.costs.result",
            "amount": {"value": usd, "currency": "usd"},
            "line_item": item,
            "project_id": None,
            **more,
        }
        for item, usd in results
    ]
    return _openai_page(day, full, {})


def _openai_page(day: datetime, results: Sequence[Mapping[str, Any]], page: Mapping[str, Any]) -> bytes:
    begin = int(day.timestamp())
    bucket = {"object": "bucket", "start_time": begin, "end_time": begin + _DAY_S, "results": results}
    return json.dumps({"object": "page", "data": [bucket], "has_more": False, "next_page": None, **page}).encode()


def anthropic_page(*results: Mapping[str, Any], day: str = "2026-05-28T00:00:00Z") -> bytes:
    """A page of ``usage_report/messages`` or ``cost_report``."""
    bucket = {"starting_at": day, "ending_at": "2026-05-29T00:00:00Z", "results": results}
    return json.dumps({"data": [bucket], "has_more": False, "next_page": None}).encode()


def anthropic_usage(model: str, uncached: int, read: int, written: tuple[int, int], output: int) -> dict[str, Any]:
    """One result of ``usage_report/messages``; ``written`` for five minutes and for an hour."""
    return {
        "uncached_input_tokens": uncached,
        "cache_creation": {"ephemeral_5m_input_tokens": written[0], "ephemeral_1h_input_tokens": written[1]},
        "cache_read_input_tokens": read,
        "output_tokens": output,
        "server_tool_use": {"web_search_requests": 0},
        "api_key_id": None,
        "workspace_id": None,
        "model": model,
        "service_tier": "standard",
        "context_window": "0-200k",
    }


def anthropic_cost(model: str | None, cents: str, **more: Any) -> dict[str, Any]:
    """One result of ``cost_report``: cents as a decimal string."""
    return {
        "amount": cents,
        "currency": "USD",
        "cost_type": "tokens",
        "model": model,
        "service_tier": "standard",
        **more,
    }


def table(columns: str, *rows: Sequence[Any]) -> bytes:
    """A CSV file, with the byte order mark that spreadsheets write."""
    text = io.StringIO()
    csv.writer(text).writerows([columns.split(","), *rows])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


OPENAI_COSTS = "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id"
OPENAI_USAGE = (
    "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,"
    "service_tier,input_tokens,output_tokens,input_cached_tokens"
)
ANTHROPIC_USAGE = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count,inference_geo,speed"
)
ANTHROPIC_COSTS = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,"
    "inference_geo,speed"
)
