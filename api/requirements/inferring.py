"""Requirements that nobody stated, from what the calls of a route show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from api.requirements.models import NO_REQUIREMENTS, Accuracy, Origin, RequirementField, Requirements
from api.requirements.self_hosting import is_self_hosted
from api.what_if.fares import latency_class
from watchkeeper.storage.route_profile import RouteArm

DAYS_A_MONTH = Decimal(365) / 12
_DAY = timedelta(days=1)
_NANO = Decimal("1e-9")
_MODALITY_OF = {"text": "text", "json": "text", "image": "image", "speech": "audio"}


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route needs: stated first, then inferred; each inferred or missing value with its reason."""

    stated: Requirements = NO_REQUIREMENTS
    inferred: Requirements = NO_REQUIREMENTS
    why: Mapping[str, str] = field(default_factory=dict)

    @property
    def effective(self) -> Requirements:
        """Of each field what is stated, else what is inferred."""
        return Requirements.model_construct(**{name: self._value(name) for name in Requirements.model_fields})

    def origin(self, name: str) -> Origin:
        """Where the value of field ``name`` comes from."""
        if getattr(self.stated, name) is not None:
            return Origin.STATED
        if getattr(self.inferred, name) is None:
            return Origin.UNKNOWN
        return Origin.ASSUMED if name == "accuracy" else Origin.INFERRED

    def is_stated(self, name: str) -> bool:
        """Did somebody state field ``name``?"""
        return self.origin(name) is Origin.STATED

    def fields(self) -> list[RequirementField]:
        """Every requirement with its origin."""
        return [
            RequirementField(
                name=name,
                value=self._value(name),
                origin=self.origin(name),
                why="" if self.is_stated(name) else self.why.get(name, "nobody stated it"),
            )
            for name in Requirements.model_fields
        ]

    def _value(self, name: str) -> Any:
        stated = getattr(self.stated, name)
        return getattr(self.inferred, name) if stated is None else stated


def days_seen(first: datetime, now: datetime) -> Decimal:
    """Days from ``first`` to ``now``, at least one: an hour of calls says nothing of a month."""
    return Decimal(max((now - first) / _DAY, 1.0))


def monthly(amount: Decimal, days: Decimal) -> Decimal:
    """``amount`` of so many days as that of a month (365/12 days)."""
    return (amount / days * DAYS_A_MONTH).quantize(_NANO)


def needs_of(stated: Requirements | None, arm: RouteArm | None, now: datetime) -> Needs:
    """What the route needs whose model of now has the calls ``arm``; None: it has none."""
    stated = stated or NO_REQUIREMENTS
    if arm is None:
        return Needs(stated, Requirements(accuracy=Accuracy.GOOD_ENOUGH), {"accuracy": _ACCURACY})
    found, why = _seen(arm, now, stated)
    return Needs(stated, Requirements(**found), why)


_ACCURACY = "assumed: state must_be_correct where a wrong answer costs more than a slow or dear one"


def _seen(arm: RouteArm, now: datetime, stated: Requirements) -> tuple[dict[str, Any], dict[str, str]]:
    within, told = latency_class(arm.duration)
    days = days_seen(arm.first_at, now)
    own = is_self_hosted(arm.provider, stated.self_hosted_providers or ())
    found = {
        "latency_class": within,
        "max_usd_per_month": monthly(arm.cost_usd, days) if arm.calls_with_cost and arm.cost_usd > 0 else None,
        "min_context_tokens": arm.p999_tokens or None,
        "output_modalities": tuple(sorted({_MODALITY_OF.get(kind, "text") for kind in arm.output_types})) or ("text",),
        "structured_output": arm.json_calls > 0,
        "tools": arm.tool_calls > 0,
        "self_hosted_only": own or None,
        "accuracy": Accuracy.GOOD_ENOUGH,
    }
    why = {
        "latency_class": told,
        "max_usd_per_month": "what the calls cost now; a candidate may cost more where there is no other way"
        if found["max_usd_per_month"] is not None
        else "no call has a known cost",
        "min_context_tokens": f"99.9 % of {arm.calls_with_usage:,} calls hold no more"
        if arm.p999_tokens
        else "no call told its tokens",
        "input_modalities": "calls do not tell what prompts carry: state it where they carry more than text",
        "output_modalities": "what the calls asked for",
        "structured_output": f"{arm.json_calls:,} of {arm.calls:,} calls asked for it",
        "tools": f"{arm.tool_calls:,} of {arm.calls:,} calls ended with a tool call",
        "self_hosted_only": "the calls go to machines of your own now" if own else "nobody stated it",
        "accuracy": _ACCURACY,
    }
    return found, why
