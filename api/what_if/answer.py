"""From priced groups of calls to what ``POST /v1/costs/what-if`` answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from api.what_if.models import (
    Compared,
    CostParts,
    Hosting,
    HostingAnswer,
    ObservedSpending,
    Scenario,
    ScenarioAnswer,
    TooLarge,
    WhatIfRow,
)
from api.what_if.prices import Limits, Target
from api.what_if.scenario import assumptions, name_of, warnings
from api.what_if.self_hosting import BreakEven, SelfHosting, Traffic, break_even, tco_formula
from watchkeeper.storage.what_if import StoredPriced

_TRACES_SHOWN = 5
_CENT_OF_A_CENT = Decimal("0.0001")
_LEAST_CALL = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario as it was computed."""

    scenario: Scenario
    target: Target
    limits: Limits
    groups: Sequence[StoredPriced]

    @property
    def moved(self) -> bool:
        """Do calls go to another model or provider?"""
        return self.target.provider is not None or self.target.model is not None


def scenario_answer(run: Run, prices: str) -> ScenarioAnswer:
    """The whole of one scenario."""
    priced = sum(group.calls_priced for group in run.groups)
    answer = ScenarioAnswer(
        **_counts(run.groups),
        name=name_of(run.scenario),
        provider=run.target.provider,
        model=run.target.model,
        tier=run.target.tier if run.target.tier != "" else "standard",
        usd=_sum(run.groups, "cost_usd") if priced else None,
        compared=_compared(run.groups),
        parts=_parts(run.groups),
        too_large=_too_large(run) if run.moved else None,
        assumptions=list(assumptions(run.scenario, prices)),
        warnings=[],
    )
    return answer.model_copy(update={"warnings": list(warnings(answer, run.moved))})


def what_if_rows(run: Run, group_by: Sequence[str]) -> list[WhatIfRow]:
    """One scenario by group."""
    return [
        WhatIfRow(
            **_counts([group]),
            scenario=name_of(run.scenario),
            group=dict(zip(group_by, group.group, strict=True)),
            usd=group.cost_usd if group.calls_priced else None,
            compared=_compared([group]),
            parts=_parts([group]),
        )
        for group in run.groups
    ]


def observed_spending(groups: Sequence[StoredPriced]) -> ObservedSpending:
    """The calls as they were."""
    known = sum(group.calls_observed for group in groups)
    return ObservedSpending(
        calls=sum(group.calls for group in groups),
        calls_with_cost=known,
        unpriced_calls=sum(group.calls_unpriced_now for group in groups),
        usd=_sum(groups, "observed_usd") if known else None,
    )


def traffic_of(groups: Sequence[StoredPriced], begin: datetime, end: datetime) -> Traffic:
    """What self-hosting would have to serve: calls that a provider answered, between ``begin`` and ``end``."""
    used = sum(group.calls_used for group in groups)
    known = sum(group.calls_observed - group.gateway_hits for group in groups)
    tokens = sum(group.stored_tokens for group in groups)
    days = Decimal(int((end - begin).total_seconds())) / 86_400
    return Traffic(
        calls_per_day=Decimal(used) / days if used and days > 0 else None,
        tokens_per_call=Decimal(tokens) / used if tokens else None,
        api_usd_per_call=_sum(groups, "observed_usd") / known if known > 0 else None,
    )


def hosting_answer(asked: Hosting, traffic: Traffic) -> HostingAnswer:
    """Self-hosting against the API as it is now."""
    hosting = SelfHosting(**asked.model_dump())
    found = break_even(hosting, traffic)
    return HostingAnswer(
        replicas=found.replicas if found else None,
        gpu_usd_per_day=_money(found.gpu_usd) if found else None,
        people_usd_per_day=_money(found.people_usd) if found else None,
        fixed_usd_per_day=_money(found.fixed_usd) if found else None,
        self_hosting_usd_per_day=_money(found.self_hosting_usd) if found else None,
        self_hosting_usd_per_call=_money(found.self_hosting_usd_per_call, _LEAST_CALL) if found else None,
        api_usd_per_day=_money(found.api_usd) if found else None,
        api_usd_per_call=_money(traffic.api_usd_per_call, _LEAST_CALL),
        calls_per_day=_float(traffic.calls_per_day),
        tokens_per_call=_float(traffic.tokens_per_call),
        capacity_calls_per_day_and_replica=_float(found.capacity_calls_per_replica) if found else None,
        break_even_calls_per_day=found.break_even_calls_per_day if found else None,
        always_cheaper_from_calls_per_day=found.always_cheaper_from_calls_per_day if found else None,
        verdict=_verdict(found),
        missing={**hosting.missing, **traffic.missing},
        assumptions=[*tco_formula(), *_taken_for_granted(hosting)],
    )


def _taken_for_granted(hosting: SelfHosting) -> list[str]:
    stated = {name: getattr(hosting, name) for name in SelfHosting.__slots__ if getattr(hosting, name) is not None}
    return [
        "; ".join(f"{name} = {value}" for name, value in stated.items()),
        "The model that you host does the work as well as the one you pay for, with as many tokens.",
        "Calls a day are those from the first call in the period to its end; the traffic stays like this.",
    ]


def _verdict(found: BreakEven | None) -> str:
    if found is None:
        return "cannot tell: see missing"
    if found.break_even_calls_per_day is None:
        return f"self-hosting never pays: {found.reason}"
    least = f"{found.break_even_calls_per_day:,} calls a day"
    if found.self_hosting_usd <= found.api_usd:
        return f"self-hosting is cheaper at today's traffic; it pays from {least}"
    return f"the API is cheaper at today's traffic; self-hosting pays from {least}"


def _counts(groups: Sequence[StoredPriced]) -> dict[str, int]:
    names = ("calls", "calls_priced", "calls_too_large", "calls_unpriced", "gateway_hits")
    counts = {name: sum(getattr(group, name) for group in groups) for name in names}
    # A row that completes an earlier call is no call itself, so at the edge of a period there may be fewer calls.
    rest = counts["calls"] - sum(counts[name] for name in names[1:])
    return {**counts, "calls_without_usage": max(0, rest)}


def _compared(groups: Sequence[StoredPriced]) -> Compared:
    calls = sum(group.same_calls for group in groups)
    if not calls:
        return Compared(calls=0, observed_usd=None, usd=None, difference_usd=None, difference_share=None)
    before, after = _sum(groups, "same_observed_usd"), _sum(groups, "same_usd")
    share = float((after - before) / before) if before else None
    return Compared(calls=calls, observed_usd=before, usd=after, difference_usd=after - before, difference_share=share)


def _parts(groups: Sequence[StoredPriced]) -> CostParts:
    return CostParts(**{name: _sum(groups, name) for name in CostParts.model_fields})


def _too_large(run: Run) -> TooLarge:
    traces = [trace for group in run.groups for trace in group.too_large_traces]
    return TooLarge(
        context_tokens=run.limits.context,
        output_tokens=run.limits.output,
        largest_call_tokens=max((group.largest_call_tokens for group in run.groups), default=0),
        observed_usd=_sum(run.groups, "too_large_observed_usd"),
        trace_ids=traces[:_TRACES_SHOWN],
    )


def _sum(groups: Sequence[StoredPriced], name: str) -> Decimal:
    return sum((getattr(group, name) for group in groups), Decimal(0))


def _money(amount: Decimal | None, step: Decimal = _CENT_OF_A_CENT) -> Decimal | None:
    return None if amount is None else amount.quantize(step)


def _float(number: Decimal | None) -> float | None:
    return None if number is None else round(float(number), 3)
