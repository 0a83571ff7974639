"""Advice as the API tells it."""

import math
from decimal import Decimal

from api.advising.advice import Advice
from api.advising.considered import Considered
from api.advising.facts import Assumed, Change, Model, RouteFacts
from api.advising.models import (
    AdviceItem,
    CandidateItem,
    ChangeItem,
    EffortItem,
    ModelItem,
    NextStepItem,
    ObjectionItem,
    SavingItem,
    TrialItem,
)
from api.advising.saving import Effort, Saving
from api.advising.trial import Trial

_CENT, _NANO = Decimal("0.01"), Decimal("1e-9")
_DIGITS = 6


def advice_item(advice: Advice, facts: RouteFacts) -> AdviceItem:
    """The advice with the facts it rests on."""
    target, current, finding = advice.target, facts.current, advice.finding
    return AdviceItem(
        route=advice.route,
        decision=finding.decision,
        reason=finding.reason,
        why=finding.why,
        current=_model(advice.current),
        monthly_usd=_cents(current.cost.usd if current and current.cost else None),
        usd_per_useful_call=_nano(current.usd_per_useful_call if current else None),
        calls=facts.traffic.calls,
        target=_model(target.option.model if target else None),
        evidence=advice.evidence,
        saving=_saving(target.saving) if target else None,
        effort=_effort(target.effort) if target else None,
        changes=_changes(target) if target else [],
        trial=_trial(advice.trial),
        move_back=advice.move_back,
        risks=list(advice.risks),
        unknown=list(advice.unknown),
        next_step=NextStepItem(
            kind=advice.next_step.kind,
            text=advice.next_step.text,
            command=advice.next_step.command,
            request=advice.next_step.request,
        ),
        considered=[_candidate(one) for one in advice.considered],
        left_out=dict(sorted(facts.left_out.items())),
        requirements=facts.needs.fields(),
    )


def assumptions(assumed: Assumed) -> dict[str, object]:
    """By the names of the parameters that set them."""
    values = {name: getattr(assumed, name) for name in Assumed.__slots__}
    return {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in values.items()}


def _candidate(one: Considered) -> CandidateItem:
    option, evidence = one.option, one.option.evidence
    return CandidateItem(
        provider=option.model.provider,
        model=option.model.model,
        status=one.status,
        same_model=option.same_model,
        evidence=evidence.level,
        evidence_routes=list(evidence.routes),
        calls=evidence.calls[1],
        thin=one.thin,
        objections=[
            ObjectionItem(constraint=why.constraint, reason=why.reason, unknown=why.unknown) for why in one.objections
        ],
        monthly_usd=_cents(option.cost.usd if option.cost else None),
        usd_per_useful_call=_nano(option.usd_per_useful_call),
        saving=_saving(one.saving),
        effort=_effort(one.effort),
        changes=_changes(one),
        dominated_by=one.dominated_by,
    )


def _changes(one: Considered) -> list[ChangeItem]:
    return [_change(name, change) for name, change in one.option.evidence.changes.items()]


def _change(name: str, change: Change) -> ChangeItem:
    return ChangeItem(
        metric=name,
        verdict=change.verdict,
        estimate=_number(change.estimate),
        low=_number(change.low),
        high=_number(change.high),
        unit="rate" if change.is_rate else "share",
        reason=change.reason,
        calls_needed=change.calls_needed,
    )


def _saving(found: Saving | None) -> SavingItem | None:
    if found is None:
        return None
    ends = {name: getattr(found, end).quantize(_CENT) for name, end in _ENDS.items()}
    return SavingItem(**ends, share=round(found.share, 4), basis=found.basis)


_ENDS = {"usd": "usd", "low_usd": "low", "high_usd": "high"}


def _effort(found: Effort) -> EffortItem:
    return EffortItem(
        days=found.days,
        usd=found.usd,
        payback_months=found.payback_months,
        payback_low_months=found.payback_low,
        payback_high_months=found.payback_high,
    )


def _trial(found: Trial | None) -> TrialItem | None:
    if found is None:
        return None
    return TrialItem(
        calls=found.calls,
        decided_by=found.decided_by,
        shadow_share=found.shadow_share,
        days=found.days,
        usd=_cents(found.usd),
    )


def _model(model: Model | None) -> ModelItem | None:
    return ModelItem(provider=model.provider, model=model.model) if model else None


def _number(value: float) -> float | None:
    return round(value, _DIGITS) if math.isfinite(value) else None


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(_CENT)


def _nano(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(_NANO)
