"""Examples of answers about health, for the OpenAPI document."""

from typing import Any

_RATE = {"calls": 0, "of": 1200, "rate": 0.0, "low": 0.0, "high": 0.003191}
_READ = {
    "start": "2026-11-20T09:00:00Z",
    "end": "2026-11-21T10:00:00Z",
    "asked_start": "2026-11-20T09:40:00Z",
    "asked_end": "2026-11-21T09:40:00Z",
    "source": ["calls_1h"],
    "complete_since": "2024-11-21T09:40:00Z",
    "complete": True,
    "as_of": "2026-11-21T09:40:00Z",
}
_SERIES = {
    "service": "shop",
    "route": "support",
    "provider": "openai",
    "request_model": "gpt-4o",
    "model": "gpt-4o-2024-08-06",
}
_FARE: dict[str, Any] = {
    "calls": 1200,
    "calls_per_hour": 48.649,
    "outcomes": {"error": 12, "ok": 1188},
    "rates": {
        "ok": {"calls": 1188, "of": 1200, "rate": 0.99, "low": 0.982596, "high": 0.994269},
        "error": {"calls": 12, "of": 1200, "rate": 0.01, "low": 0.005731, "high": 0.017404},
        "timeout": _RATE,
        "rate_limited": _RATE,
        "refused": {**_RATE, "of": 1188},
        "truncated": {**_RATE, "of": 1188},
        "format_invalid": {**_RATE, "of": 1188},
        "empty": {**_RATE, "of": 1188},
    },
    "latency": {"calls": 1188, "p50_ms": 910.4, "p95_ms": 1712.0, "p99_ms": 2480.3},
    "latency_class": "interactive",
    "latency_class_reason": "by the 95th percentile of 1,188 calls",
    "ttft": {"calls": 1188, "p50_ms": 310.2, "p95_ms": 640.8, "p99_ms": 902.5},
    "output_tokens_per_s": {"calls": 1188, "p50": 71.4, "p05": 38.2},
    "input_tokens_per_call": 1250.0,
    "output_tokens_per_call": 180.0,
    "cost_per_call_usd": "0.004925000",
    "cost_usd": "5.850900000",
    "unpriced_calls": 0,
}
_REGRESSION = {
    "id": "0f6c1a2b3c4d5e6f",
    "kind": "regression",
    "severity": "page",
    "state": "open",
    "metric": "latency",
    "since": "2026-11-21T07:12:00Z",
    "size": "910 ms → 1.4 s (1.3 to 1.5 s)",
}
HEALTH: dict[str, Any] = {
    **_READ,
    "rows": [
        {
            "group": _SERIES,
            "series_id": "97369fafbd20",
            "state": "regressed",
            "state_reason": "latency: 910 ms → 1.4 s (1.3 to 1.5 s)",
            "regressions": [_REGRESSION],
            "last_call": "2026-11-21T09:39:58Z",
            **_FARE,
        }
    ],
    "next_cursor": None,
}
HISTORY: dict[str, Any] = {
    **_READ,
    "series_id": "97369fafbd20",
    **_SERIES,
    "interval": "1h",
    "regressions": [{**_REGRESSION, "closed_at": None}],
    "regressions_truncated": False,
    "rows": [{"start": "2026-11-21T08:00:00Z", **_FARE}],
}
