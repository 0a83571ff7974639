"""An example of advice, for the OpenAPI document."""

from typing import Any

_SAVING = {
    "usd": "612.40",
    "low_usd": "571.15",
    "high_usd": "650.02",
    "share": 0.58,
    "basis": "the cost of a useful call, measured on like calls of both",
}
_EFFORT = {
    "days": 3.0,
    "usd": "2400.00",
    "payback_months": 3.9,
    "payback_low_months": 3.7,
    "payback_high_months": 4.2,
}
_CHANGES = [
    {
        "metric": "error",
        "verdict": "not_worse",
        "estimate": -0.0004,
        "low": -0.0031,
        "high": 0.0022,
        "unit": "rate",
        "reason": "the whole interval is better than the margin",
        "calls_needed": None,
    }
]
ADVICE: dict[str, Any] = {
    "start": "2026-10-21T09:40:00Z",
    "end": "2026-11-20T09:40:00Z",
    "total": 1,
    "rows": [
        {
            "route": "support/answer",
            "decision": "migrate",
            "reason": "cheaper",
            "why": "openai/gpt-5-mini does the same work for less: $612.40 a month (58%; $571.15 to $650.02); "
            "it is not worse on this route (18,400 calls of it, proven)",
            "current": {"provider": "openai", "model": "gpt-5"},
            "monthly_usd": "1055.86",
            "usd_per_useful_call": "0.009120000",
            "calls": 112000,
            "target": {"provider": "openai", "model": "gpt-5-mini"},
            "evidence": "proven",
            "saving": _SAVING,
            "effort": _EFFORT,
            "changes": _CHANGES,
            "trial": None,
            "move_back": "",
            "risks": [],
            "unknown": ["What a wrong answer costs: state accuracy; good_enough is assumed."],
            "next_step": {
                "kind": "migrate",
                "text": "Begin a migration to openai/gpt-5-mini; it is watched.",
                "command": "watchkeeper migrations start support/answer --candidate openai/gpt-5-mini",
                "request": 'POST /v1/migrations {"route": "support/answer", …}',
            },
            "considered": [
                {
                    "provider": "openai",
                    "model": "gpt-5-mini",
                    "status": "fits",
                    "same_model": False,
                    "evidence": "proven",
                    "evidence_routes": [],
                    "calls": 18400,
                    "thin": "",
                    "objections": [],
                    "monthly_usd": "443.46",
                    "usd_per_useful_call": "0.003830000",
                    "saving": _SAVING,
                    "effort": _EFFORT,
                    "changes": _CHANGES,
                    "dominated_by": "",
                }
            ],
            "left_out": {"context": 3, "dearer": 21},
            "requirements": [
                {
                    "name": "latency_class",
                    "value": "interactive",
                    "origin": "inferred",
                    "why": "by the 95th percentile of 110,213 calls",
                }
            ],
        }
    ],
    "next_cursor": None,
    "assumptions": {"min_saving_usd": "50", "min_saving_share": 0.1, "day_usd": "800"},
}
