"""Single calls: those that fit a search, a page at a time, and all calls of a trace with their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from watchkeeper.choices import CallOrder
from watchkeeper.errors import ConfigError
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store

MOST_OF_A_TRACE = 2_000
Place = tuple[int, int, str, str, int]
"""Where a page ends: what it is ordered by, and what tells calls apart that are equal in that."""


@dataclass(frozen=True, slots=True)
class CallSearch:
    """Which calls; what is None or empty does not restrict."""

    chosen: CallFilter
    min_duration_ms: float | None = None
    max_duration_ms: float | None = None
    min_cost_usd: Decimal | None = None
    error_type: str = ""
    finish_reason: str = ""
    format_valid: bool | None = None
    response_id: str = ""
    conversation_id: str = ""
    has_fallback: bool | None = None
    order: CallOrder = CallOrder.TIME

    def where(self) -> tuple[str, dict[str, Any]]:
        """The condition on ``c`` and its parameters."""
        condition, parameters = self.chosen.where("c")
        asked = {name: value for name in _CONDITIONS if (value := getattr(self, name)) not in (None, "")}
        return " AND ".join([condition, *(_CONDITIONS[name] for name in asked)]), {**parameters, **asked}


_CONDITIONS = {
    "min_duration_ms": "c.duration_us >= {min_duration_ms:Float64} * 1000",
    "max_duration_ms": "c.duration_us <= {max_duration_ms:Float64} * 1000",
    "min_cost_usd": "c.cost_usd >= {min_cost_usd:Decimal(18, 9)}",
    "error_type": "c.error_type = {error_type:String}",
    "finish_reason": "c.finish_reason = {finish_reason:String}",
    "format_valid": "c.format_valid = {format_valid:Bool}",
    "response_id": "c.response_id = {response_id:String}",
    "conversation_id": "c.conversation_id = {conversation_id:String}",
    "has_fallback": "notEmpty(c.fallback_from) = {has_fallback:Bool}",
}
_FIRST = {
    CallOrder.TIME: "toUnixTimestamp64Micro(c.ts)",
    CallOrder.DURATION: "toInt64(c.duration_us)",
    # What costs nothing known comes last.
    # In nano-dollars: a product of decimals would overflow from nine dollars on.
    CallOrder.COST: "reinterpretAsInt64(ifNull(c.cost_usd, -1))",
}
_IDS = ("trace_id", "span_id", "parent_span_id")
_PLAIN = (
    "ts",
    "calls",
    "service",
    "service_version",
    "environment",
    "route",
    "prompt_name",
    "prompt_version",
    "tenant",
    "user_hash",
    "region",
    "service_tier",
    "variant",
    "provider",
    "request_model",
    "model",
    "operation",
    "outcome",
    "outcome_reason",
    "error_type",
    "http_status",
    "finish_reason",
    "format_valid",
    "is_stream",
    "duration_us",
    "duration_complete",
    "ttft_us",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_usd",
    "cost_status",
    "response_id",
    "conversation_id",
    "server_address",
    "system_fingerprint",
    "attempt",
    "fallback_from",
    "gateway_cache_hit",
)
_COLUMNS = ", ".join(
    [*(f"lower(hex(c.{name})) AS {name}" for name in _IDS), *(f"c.{name} AS {name}" for name in _PLAIN)]
)
_TELLS_APART = "toUnixTimestamp64Micro(c.ts), hex(c.span_id), hex(c.trace_id), toUInt8(c.calls)"
_BEFORE = "({k0:Int64}, {k1:Int64}, {k2:String}, {k3:String}, {k4:UInt8})"

_TRACE = f"""
SELECT {_COLUMNS}, c.attributes AS attributes
FROM calls AS c
WHERE c.trace_id = unhex({{trace:String}})
  AND (empty({{tenants:Array(String)}}) OR c.tenant IN {{tenants:Array(String)}})
ORDER BY c.ts, c.span_id, c.calls
LIMIT {{limit:UInt32}}
"""
_SCORES = """
SELECT s.ts AS ts, s.name AS name, s.value AS value, s.label AS label, s.source AS source,
  s.response_id AS response_id, lower(hex(s.span_id)) AS span_id
FROM scores AS s
WHERE (s.trace_id = unhex({trace:String}) AND (NOT {bound:Bool} OR lower(hex(s.span_id)) IN {spans:Array(String)}))
  OR (notEmpty(s.response_id) AND s.response_id IN {responses:Array(String)})
ORDER BY s.ts, s.name
LIMIT {limit:UInt32}
"""


@dataclass(frozen=True, slots=True)
class StoredScore:
    """What was said of a call, by its response id or by its span (zeros where the score names none)."""

    ts: datetime
    name: str
    value: float | None
    label: str
    source: str
    response_id: str
    span_id: str


def search_calls(store: Store, search: CallSearch, limit: int, after: Place | None = None) -> list[dict[str, Any]]:
    """The first ``limit`` calls after ``after`` in the order of ``search``; each also has its ``place``.

    A row whose ``calls`` is 0 completes an earlier call, whose tokens came later.
    """
    where, parameters = search.where()
    key = f"({_FIRST[search.order]}, {_TELLS_APART})"
    if after is not None:
        where += f" AND {key} < {_BEFORE}"
        parameters |= {f"k{number}": value for number, value in enumerate(after)}
    sql = f"SELECT {_COLUMNS}, {key} AS place FROM calls AS c WHERE {where} ORDER BY {key} DESC LIMIT {{limit:UInt32}}"
    return store.query_rows(sql, {**parameters, "limit": limit})


def calls_of_trace(store: Store, trace_id: str, tenants: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Its calls in the order of their begin; ``tenants``: only theirs.

    Raises :class:`~watchkeeper.errors.ConfigError` for more than :data:`MOST_OF_A_TRACE`: a part would have wrong sums.
    """
    rows = store.query_rows(_TRACE, {"trace": trace_id, "tenants": list(tenants), "limit": MOST_OF_A_TRACE + 1})
    if len(rows) > MOST_OF_A_TRACE:
        raise ConfigError(f"trace {trace_id} has more than {MOST_OF_A_TRACE:,} calls: export the calls of its period")
    return rows


def scores_of_trace(
    store: Store, trace_id: str, calls: Sequence[Mapping[str, Any]], *, bound: bool = False
) -> list[StoredScore]:
    """What was said of its ``calls``, and of the trace itself; at most :data:`MOST_OF_A_TRACE`.

    ``bound``: of these calls only, for whoever may not see all of the trace.
    """
    responses = sorted({str(row["response_id"]) for row in calls} - {""})
    spans = sorted({str(row["span_id"]) for row in calls})
    parameters = {"trace": trace_id, "responses": responses, "spans": spans, "bound": bound, "limit": MOST_OF_A_TRACE}
    return [StoredScore(**row) for row in store.query_rows(_SCORES, parameters)]
