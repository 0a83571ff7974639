"""The search form of calls, and one call in full. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.calls.models import TraceCallItem
from api.web.address import Address
from api.web.figures import count, milliseconds, money, words
from watchkeeper.choices import CallOrder
from watchkeeper.schema import Outcome, Variant

CALL_FIELDS = ("service", "route", "model", "outcome")
"""Filters that the form always shows."""
MORE_FIELDS = (
    "order",
    "min_duration_ms",
    "max_duration_ms",
    "min_cost_usd",
    "error_type",
    "finish_reason",
    "format_valid",
    "has_fallback",
    "response_id",
    "conversation_id",
)
"""What further restricts a search."""
OUTCOME_MARKS: Mapping[str, str] = {
    **dict.fromkeys(map(str, Outcome), "bad"),
    Outcome.OK: "good",
    Outcome.CANCELLED: "plain",
}
"""Kind of badge by outcome."""
_YES_NO = {"true": "yes", "false": "no"}
_FINISH = ("stop", "length", "tool_call", "content_filter", "refusal", "error", "unknown")
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "outcome": {str(one): words(str(one)) for one in Outcome},
    "variant": {str(one): words(str(one)) for one in Variant},
    "order": {
        CallOrder.TIME: "the latest first",
        CallOrder.DURATION: "the longest first",
        CallOrder.COST: "the dearest first",
    },
    "finish_reason": {one: words(one) for one in _FINISH},
    "format_valid": _YES_NO,
    "has_fallback": _YES_NO,
}
_LABELS = {
    "min_duration_ms": "at least, ms",
    "max_duration_ms": "at most, ms",
    "min_cost_usd": "at least, $",
    "error_type": "class of the error",
    "format_valid": "format was kept",
    "has_fallback": "replaced another model's call",
    "response_id": "provider's id of the answer",
    "conversation_id": "conversation",
    "order": "order",
    "model": "model that answered",
}


@dataclass(frozen=True, slots=True)
class SearchField:
    """One field of the form."""

    name: str
    label: str
    value: str
    choices: Mapping[str, str]
    """What may be chosen, by value; empty: it is written."""
    anything: str
    """What an empty choice means."""
    numeric: bool


def search_fields(address: Address, names: Iterable[str]) -> tuple[SearchField, ...]:
    """As they are filled in ``address``."""
    return tuple(_field(address, name) for name in names)


def _field(address: Address, name: str) -> SearchField:
    ordering = name == "order"
    return SearchField(
        name=name,
        label=_LABELS.get(name, words(name)),
        value=address.one(name, CallOrder.TIME if ordering else ""),
        choices=_CHOICES.get(name, {}),
        anything="" if ordering else "any",
        numeric=name.startswith(("min_", "max_")),
    )


def call_details(call: TraceCallItem) -> tuple[tuple[str, str], ...]:
    """What is known of a call, with units; what it does not have is left out."""
    told = {
        "service": " ".join(filter(None, (call.service, call.service_version))),
        "environment": call.environment,
        "route": call.route,
        "prompt": " ".join(filter(None, (call.prompt_name, call.prompt_version))),
        "tenant": call.tenant,
        "user (hashed)": call.user_hash,
        "variant": call.variant,
        "provider": call.provider,
        "model asked for": call.request_model,
        "model that answered": call.model,
        "fingerprint": call.system_fingerprint,
        "server": call.server_address,
        "region": call.region,
        "service tier": call.service_tier,
        "operation": call.operation,
        "decided by": words(call.outcome_reason),
        "error": call.error_type,
        "HTTP status": "" if call.http_status is None else str(call.http_status),
        "finish reason": words(call.finish_reason),
        "format kept": "" if call.format_valid is None else "yes" if call.format_valid else "no",
        "time": milliseconds(call.duration_ms) + ("" if call.duration_complete else ", not to the end of the answer"),
        "first token": "" if call.ttft_ms is None else f"after {milliseconds(call.ttft_ms)}",
        "streamed": "yes" if call.is_stream else "no",
        "input": _tokens(call.input_tokens, call.cache_read_tokens, "from the cache"),
        "output": _tokens(call.output_tokens, call.reasoning_tokens, "for reasoning"),
        "cost": f"{money(call.cost_usd)} ({words(call.cost_status)})",
        "attempt": str(call.attempt) if call.attempt > 1 else "",
        "in place of": call.fallback_from,
        "gateway's cache": "answered by it" if call.gateway_cache_hit else "",
        "answer's id": call.response_id,
        "conversation": call.conversation_id,
        "parent": call.parent_call or "",
        **dict(sorted(call.attributes.items())),
    }
    return tuple((name, value) for name, value in told.items() if value)


def _tokens(number: int | None, part: int | None, what: str) -> str:
    told = f"{count(number)} tokens" if number is not None else count(number)
    return f"{told}, of these {count(part)} {what}" if part else told
