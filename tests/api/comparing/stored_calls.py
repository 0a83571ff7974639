"""Drawn calls as rows of the table ``calls``."""

from typing import Any

import pyarrow as pa

from benchmarks.compare_traffic import ERROR, OUTCOMES, OUTPUT_TYPES, ROUTES, Calls
from tests.fixtures.store import call_rows


def rows_of(calls: Calls, **columns: Any) -> pa.Table:
    """The calls as they are stored."""
    checked = [OUTPUT_TYPES[route] == "json" for route in calls.route]
    valid = [
        None if not known or outcome == ERROR else OUTCOMES[outcome] != "format_invalid"
        for known, outcome in zip(checked, calls.outcome, strict=True)
    ]
    own: dict[str, Any] = {
        "ts": pa.array(calls.at_us),
        "route": [ROUTES[route] for route in calls.route],
        "output_type": [OUTPUT_TYPES[route] for route in calls.route],
        "input_tokens": pa.array(calls.input_tokens),
        "output_tokens": pa.array(calls.output_tokens),
        "duration_us": pa.array(calls.duration_us),
        "outcome": [OUTCOMES[outcome] for outcome in calls.outcome],
        "format_valid": valid,
        "cost_usd": calls.cost_nano_usd.tolist(),
    }
    # Cohorts must not share trace and response ids.
    return call_rows(len(calls.route), seed=int(calls.duration_us.sum() % 2**31), **{**own, **columns})
