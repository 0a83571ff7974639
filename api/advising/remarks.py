"""What to mind beside a decision: risks, what nobody knows, when to move back."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from api.advising.considered import Considered, in_words
from api.advising.facts import Assumed, Away, Level, Option, RouteFacts
from api.advising.life import ending
from api.requirements.models import Accuracy

_A_DAY = timedelta(days=1)
_STALE = timedelta(days=7)
BACK_AFTER = timedelta(hours=24)
AWAY_AT_MOST = timedelta(days=14)
"""Where calls have gone for so long is where they belong."""
PROBE_PERCENT = 5
_BACK_WORDS = f"{BACK_AFTER.total_seconds() / 3600:.0f} hours"
_LITTLE = 0.01


def move_back(current: Option) -> str:
    """When the route may go back to the model of now."""
    ids = ", ".join(trouble.id for trouble in current.standing.troubles)
    return (
        f"Move back when {ids} is closed and has stayed so for {_BACK_WORDS}. Without calls nobody sees it recover: "
        f"after the worst, send it {PROBE_PERCENT} % of the calls."
    )


def is_over(found: Away, now: datetime) -> bool:
    """Has the model that was left been well for long enough to go back to it?"""
    return found.closed_at is not None and now - found.closed_at >= BACK_AFTER


def back_when(found: Away) -> str:
    """When a route that is away may go back."""
    if found.closed_at is None:
        return f"Move back when {found.trouble} is closed and has stayed so for {_BACK_WORDS}."
    return f"Move back at {found.closed_at + BACK_AFTER:%Y-%m-%d %H:%M} UTC if {found.trouble} stays closed until then."


def risks(facts: RouteFacts, current: Option, target: Considered | None, assumed: Assumed) -> tuple[str, ...]:
    """What may go wrong, of the model of now and of where to go."""
    return (*_of_current(facts, current, assumed), *(_of_target(facts, target) if target else ()))


def _of_current(facts: RouteFacts, current: Option, assumed: Assumed) -> Iterator[str]:
    end = ending(current.known, facts.now, assumed.notice_days)
    if end and current.standing.is_degraded:
        yield f"{current.model} is degraded and will not stay ({end}): after a way out for today it needs one for good."
    for trouble in current.standing.troubles:
        if trouble.recovering:
            yield f"{current.model} is recovering from {trouble.id} ({trouble.metric}): look again when it is closed."
    if facts.weights is not None and facts.now - facts.weights.changed_at < _A_DAY:
        return  # Where calls went until then says nothing.
    for model, share in facts.shares.items():
        yield f"{share:.0%} of the route's calls went to {model} in the last day: a change may be under way already."


def _of_target(facts: RouteFacts, target: Considered) -> Iterator[str]:
    option, evidence = target.option, target.option.evidence
    if evidence.level is Level.INDICATED:
        yield f"It was seen on {', '.join(evidence.routes)}, not on this route: the work may differ."
    if evidence.last_at is not None and facts.now - evidence.last_at > _STALE:
        yield f"Its last call there was {(facts.now - evidence.last_at).days} days ago: it may have changed since."
    for name, change in evidence.changes.items():
        if change.high > 0 and change.estimate > _LITTLE:
            yield f"{name.replace('_', ' ')} may get worse: {in_words(change)}."
    if option.too_large:
        yield f"{option.too_large:,} calls would not fit into its context: they must be shortened or stay."
    if option.same_model:
        yield "Providers serve one model with different limits, hardware and filters: answers may differ."


def unknown_things(facts: RouteFacts, current: Option, target: Considered | None) -> tuple[str, ...]:
    """What nobody knows and would matter."""
    return (*_of_route(facts, current), *(_about(target.option) if target else ()))


def _of_route(facts: RouteFacts, current: Option) -> Iterator[str]:
    needs = facts.needs
    if needs.effective.input_modalities is None:
        yield "What prompts carry besides text is not in the calls: state input_modalities."
    if not needs.is_stated("accuracy"):
        yield "What a wrong answer costs: state accuracy; good_enough is assumed."
    if needs.effective.latency_class is None:
        yield f"The latency class: {needs.why.get('latency_class', 'no call was timed')}."
    if current.cost is None:
        yield "What the calls cost now."
    if facts.needs.effective.accuracy is Accuracy.MUST_BE_CORRECT:
        yield "Whether answers are right: outcomes and formats are compared, the content is not."
    if current.known is None:
        yield f"The catalogue does not know {current.model}: whether it will stay is not known."


def _about(option: Option) -> Iterator[str]:
    if option.known is None:
        yield f"The catalogue does not know {option.model}: its abilities and its end are not known."
    elif option.known.retirement_date is None:
        yield f"Until when {option.model} stays."
    if not option.standing.seen:
        yield f"How {option.model} fares now: none of its calls is seen."
    if option.cost is None:
        yield f"What {option.model} costs for this work."
    if option.evidence.level is Level.CATALOGUE_ONLY:
        yield f"How good, how fast and how wordy {option.model} is at this work."
