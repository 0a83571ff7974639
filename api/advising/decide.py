"""The decision on one route. A pure function of its facts; the rules are asked in their order, the first that applies.

1. Nothing is called: stay.
2. A migration is under way: stay with it; it has its own triggers.
3. Degraded now: re-route, the same model at another provider first. To what is slower too, if calls fail.
4. Re-routed, and what was left is well again: back; not yet: stay until it is.
5. The model ends: always a plan.
6. A stated requirement is missed: migrate to what meets it and is proven; else a test.
7. Few calls: stay.
8. A saving that is certain, worth the work and carried by evidence: migrate; one that is not proven: stay, and test.
9. Stay.
"""

from collections.abc import Callable, Sequence

from api.advising.advice import Advice, Decision, Finding, Reason
from api.advising.case import Case, mostly_rejected_by
from api.advising.considered import Considered, consider
from api.advising.constraints import missed
from api.advising.facts import Assumed, Level, RouteFacts
from api.advising.life import ending
from api.advising.next_step import stay_step
from api.advising.remarks import AWAY_AT_MOST, is_over
from api.advising.saving import is_minor
from api.comparing.verdict import FEWEST_CALLS
from api.requirements.models import Accuracy

DEFAULT = Assumed()


def decide(facts: RouteFacts, assumed: Assumed = DEFAULT) -> Advice:
    """The advice on one route."""
    if facts.current is None:
        finding = Finding(Decision.STAY, Reason.NOT_CALLED, "no call of the period names a model")
        return Advice(facts.route, finding, None, stay_step())
    case = Case(facts, facts.current, assumed, consider(facts, facts.current, assumed))
    return next(found for rule in _RULES if (found := rule(case)) is not None)


def _under_way(case: Case) -> Advice | None:
    moving = case.facts.moving
    if moving is None:
        return None
    state = "paused in" if moving.paused else "in"
    why = f"a migration to {moving.candidate} is {state} the phase {moving.phase}"
    if case.current.standing.is_degraded:
        why += f"; {case.current.model} is degraded now: promote the migration, or roll it back and ask again"
    return case.follow(Finding(Decision.STAY, Reason.UNDER_WAY, why), moving)


def _degraded(case: Case) -> Advice | None:
    troubles = [one for one in case.current.standing.troubles if not one.recovering]
    if not troubles:
        return None
    what = "; ".join(one.words for one in troubles[:3])
    why = f"{case.current.model} is degraded now: {what}"
    target = _alternative(case)
    if target is not None:
        where = "serves the same model" if target.option.same_model else "has proven itself on this route"
        slower = f", though slower ({target.slower})" if target.slower else ""
        finding = Finding(Decision.RE_ROUTE, Reason.DEGRADED, f"{why}; {target.option.model} {where}{slower}")
        return case.go(finding, target)
    if _end_of_current(case) is not None:
        return None
    why += "; no alternative is healthy, fits and has shown that it can do this work"
    best = next(iter(case.fitting), None)
    if best is None:
        return case.without(Finding(Decision.STAY, Reason.DEGRADED_NO_ALTERNATIVE, why))
    return case.test(Finding(Decision.STAY, Reason.DEGRADED_NO_ALTERNATIVE, why), best)


def _alternative(case: Case) -> Considered | None:
    """Where calls may go at once: the same model elsewhere, if it is in use at all; else what is proven here."""
    proven = [one for one in case.fitting if one.is_ready and one.option.evidence.level is Level.PROVEN]
    same = [one for one in case.fitting if one.option.same_model and one.option.standing.seen]
    if case.facts.needs.effective.accuracy is Accuracy.MUST_BE_CORRECT:
        same = [one for one in same if one in proven]
    return next(iter(same or sorted(proven, key=lambda one: bool(one.slower))), None)


def _away(case: Case) -> Advice | None:
    found = case.facts.away
    if found is None or case.facts.now - found.since > AWAY_AT_MOST:
        return None
    state = "is open" if found.closed_at is None else f"is closed since {found.closed_at:%Y-%m-%d %H:%M} UTC"
    why = f"calls were re-routed from {found.origin} to {case.current.model}; regression {found.trouble} {state}"
    if not is_over(found, case.facts.now):
        return case.wait(Finding(Decision.STAY, Reason.AWAY, why), found)
    origin = next((one for one in case.fitting if one.option.model == found.origin), None)
    if origin is None:
        return None
    return case.go(Finding(Decision.RE_ROUTE, Reason.RECOVERED, f"{why}: long enough to go back"), origin)


def _ending(case: Case) -> Advice | None:
    end = _end_of_current(case)
    if end is None:
        return None
    why = f"{case.current.model} will not stay: {end}"
    ready = next((one for one in case.fitting if one.is_ready), None)
    if ready is not None:
        return case.go(Finding(Decision.MIGRATE, Reason.ENDING, f"{why}; {_carried(ready)}"), ready)
    if case.fitting:
        best = _named_successor(case) or case.fitting[0]
        why += f"; {best.option.model} has to be tested first"
        return case.test(Finding(Decision.MIGRATE, Reason.ENDING, why), best)
    return case.without(Finding(Decision.MIGRATE, Reason.ENDING, f"{why}; no candidate fits"))


def _end_of_current(case: Case) -> str | None:
    return ending(case.current.known, case.facts.now, case.assumed.notice_days)


def _named_successor(case: Case) -> Considered | None:
    named = case.current.known.replacement if case.current.known else ""
    return next((one for one in case.fitting if named and one.option.model.model == named), None)


def _unmet(case: Case) -> Advice | None:
    found = missed(case.current, case.facts.needs)
    if not found:
        return None
    why = f"{case.current.model} misses what is required: {'; '.join(one.reason for one in found)}"
    ready = next((one for one in case.fitting if one.is_ready), None)
    if ready is not None:
        why += f"; {ready.option.model} meets it, {_carried(ready)}"
        return case.go(Finding(Decision.MIGRATE, Reason.REQUIREMENTS_MISSED, why), ready)
    if case.fitting:
        best = case.fitting[0]
        why += f"; {best.option.model} would meet it: {best.thin}"
        return case.test(Finding(Decision.STAY, Reason.REQUIREMENTS_MISSED_UNPROVEN, why), best)
    why += "; no candidate meets it"
    return case.without(Finding(Decision.STAY, Reason.REQUIREMENTS_MISSED_NO_CANDIDATE, why))


def _few_calls(case: Case) -> Advice | None:
    if case.facts.traffic.calls >= FEWEST_CALLS:
        return None
    calls = f"{case.facts.traffic.calls:,} calls in the period, {FEWEST_CALLS} are the least"
    return case.stay(Reason.FEW_CALLS, f"too few calls to say anything: {calls}")


def _cheaper(case: Case) -> Advice | None:
    worth = _worth_moving_to(case)
    if not worth:
        return None
    ready = [one for one in worth if one.is_ready and one.saving is not None and one.saving.low > 0]
    if ready:
        best = ready[0]
        why = f"{best.option.model} does the same work for less: {_amount(best)}; {_carried(best)}"
        return case.go(Finding(Decision.MIGRATE, Reason.CHEAPER, why), best)
    best = worth[0]
    thin = best.thin or "the saving itself may be none"
    why = f"{best.option.model} may save {_amount(best)}, but {thin}"
    return case.test(Finding(Decision.STAY, Reason.UNPROVEN_SAVING, why), best)


def _worth_moving_to(case: Case) -> list[Considered]:
    """Those whose saving, as far as it is known, is neither minor nor paid for too late; the best first."""
    return [
        one
        for one in case.fitting
        if one.saving is not None
        and not is_minor(one.saving, case.assumed)
        and one.effort.payback_months is not None
        and one.effort.payback_months <= case.assumed.max_payback_months
    ]


def _otherwise(case: Case) -> Advice:
    fitting = case.fitting
    if not fitting:
        return case.stay(Reason.NO_CANDIDATE, f"nothing else fits{mostly_rejected_by(case.considered)}")
    if case.current.cost is None:
        return case.stay(Reason.COST_UNKNOWN, "what the calls cost now is not known, so no saving can be told")
    saving = sorted((one for one in fitting if one.saving is not None and one.saving.usd > 0), key=_saved, reverse=True)
    if not saving:
        why = "it meets its requirements and no candidate that fits is known to cost less"
        return case.stay(Reason.NO_SAVING, why)
    late = next((one for one in saving if one.saving and not is_minor(one.saving, case.assumed)), None)
    if late is None:
        return case.stay(Reason.MINOR_SAVING, f"{saving[0].option.model} would save {_amount(saving[0])}: too little")
    why = f"{late.option.model} would save {_amount(late)}, and the work takes {_months(late)} to pay for itself"
    return case.stay(Reason.PAYS_BACK_TOO_LATE, why)


def _saved(one: Considered) -> float:
    return float(one.saving.usd) if one.saving else 0.0


def _months(one: Considered) -> str:
    months = one.effort.payback_months
    return "an unknown time" if months is None else f"{months:,.0f} months"


_RULES: Sequence[Callable[[Case], Advice | None]] = (
    _under_way,
    _degraded,
    _away,
    _ending,
    _unmet,
    _few_calls,
    _cheaper,
    _otherwise,
)


def _amount(one: Considered) -> str:
    found = one.saving
    if found is None:
        return "an unknown amount"
    return f"${found.usd:,.2f} a month ({found.share:.0%}; ${found.low:,.2f} to ${found.high:,.2f})"


def _carried(one: Considered) -> str:
    evidence = one.option.evidence
    where = "this route" if evidence.level is Level.PROVEN else ", ".join(evidence.routes)
    return f"it is not worse on {where} ({evidence.calls[1]:,} calls of it, {evidence.level.replace('_', ' ')})"
