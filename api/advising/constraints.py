"""Hard constraints: what a route needs against what is known of a model.

A fact that is not known satisfies nothing. Where privacy or the region is concerned the model is rejected; for an
ability it is set apart, for somebody may know it and say so in the catalogue file.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from api.advising.facts import Level, Option
from api.advising.life import ending
from api.health.models import LatencyClass
from api.requirements.inferring import Needs
from api.requirements.models import Requirements
from api.requirements.self_hosting import is_self_hosted
from watchkeeper.price_names import list_provider

_PRIVACY = ("self_hosted_only", "providers", "regions")
_SPEED = {name: place for place, name in enumerate(LatencyClass)}
"""The fastest first."""


@dataclass(frozen=True, slots=True)
class Objection:
    """A constraint that an option does not certainly meet."""

    constraint: str
    reason: str
    unknown: bool = False
    """It may well meet it: nobody knows."""

    @property
    def rejects(self) -> bool:
        """Is the option out? Also for what is not known, where privacy or the region is concerned."""
        return not self.unknown or self.constraint in _PRIVACY


def objections(option: Option, needs: Needs, now: datetime, notice_days: int) -> tuple[Objection, ...]:
    """What speaks against sending the route's calls to ``option``; what rejects it first."""
    found = [
        *_well(option, now, notice_days),
        *_private(option, needs.effective),
        *_able(option, needs.effective),
        *_fast(option, needs),
        *_affordable(option, needs),
    ]
    return tuple(sorted(found, key=lambda one: not one.rejects))


def missed(current: Option, needs: Needs) -> tuple[Objection, ...]:
    """What somebody stated and the model of now certainly does not meet."""
    found = [
        *_private(current, needs.effective),
        *_able(current, needs.effective),
        *_fast(current, needs),
        *_affordable(current, needs),
    ]
    return tuple(one for one in found if not one.unknown and _is_stated(one.constraint, needs))


def _is_stated(constraint: str, needs: Needs) -> bool:
    return needs.is_stated("min_context_tokens" if constraint == "context" else constraint)


def _well(option: Option, now: datetime, notice_days: int) -> Iterator[Objection]:
    for trouble in option.standing.troubles:
        state = "recovering from" if trouble.recovering else "open"
        yield Objection("health", f"degraded now: {trouble.words} ({state} regression {trouble.id})")
    if end := ending(option.known, now, notice_days):
        yield Objection("deprecation", end)


def _private(option: Option, needed: Requirements) -> Iterator[Objection]:
    provider = option.model.provider
    if needed.self_hosted_only:
        own = is_self_hosted(provider, needed.self_hosted_providers or ())
        if own is None:
            yield Objection("self_hosted_only", f"whose machines {provider or 'the provider'} means is not known", True)
        elif not own:
            yield Objection("self_hosted_only", f"{provider} is not a machine of your own")
    if needed.providers is not None and not _among(provider, needed.providers):
        yield Objection("providers", f"{provider} is none of {', '.join(needed.providers)}")
    if needed.regions is not None:
        yield from _near(provider, needed, needed.regions)


def _near(provider: str, needed: Requirements, wanted: Collection[str]) -> Iterator[Objection]:
    stated = {list_provider(name): regions for name, regions in (needed.provider_regions or {}).items()}
    regions = stated.get(list_provider(provider))
    if regions is None:
        yield Objection("regions", f"where {provider} answers is not known: state it in provider_regions", True)
    elif not set(regions) <= set(wanted):
        outside = sorted(set(regions) - set(wanted))
        yield Objection("regions", f"{provider} answers in {', '.join(outside)} too")


def _able(option: Option, needed: Requirements) -> Iterator[Objection]:
    known, seen = option.known, option.seen
    if needed.min_context_tokens and seen.largest_tokens < needed.min_context_tokens:
        context = known.context_tokens if known else None
        if context is None:
            yield Objection(
                "context", f"its context is not known, {needed.min_context_tokens:,} tokens are needed", True
            )
        elif context < needed.min_context_tokens:
            yield Objection("context", f"{context:,} tokens of context, {needed.min_context_tokens:,} are needed")
    for name in ("input_modalities", "output_modalities"):
        yield from _takes(name, getattr(needed, name), getattr(known, name, None), option)
    for name, words in (("structured_output", "structured output"), ("tools", "tools")):
        able = True if getattr(seen, name) else getattr(known, name, None)
        if getattr(needed, name) and not able:
            reason = f"does not do {words}" if able is False else f"whether it does {words} is not known"
            yield Objection(name, reason, able is None)


def _takes(
    name: str, needed: Collection[str] | None, known: Collection[str] | None, option: Option
) -> Iterator[Objection]:
    # What ran on this route was asked for what the route asks for.
    text_alone = set(needed or ()) == {"text"}
    if not needed or (text_alone and known is None and option.evidence.level is Level.PROVEN):
        return
    words = name.replace("_", " ")
    if known is None:
        yield Objection(name, f"its {words} are not known", True)
    elif lacking := sorted(set(needed) - set(known)):
        yield Objection(name, f"no {' or '.join(lacking)} among its {words}")


def _fast(option: Option, needs: Needs) -> Iterator[Objection]:
    needed, found = needs.effective.latency_class, option.seen.latency_class
    if needed is not None and found is not None and _SPEED[found] > _SPEED[needed]:
        p95 = "" if option.seen.p95_ms is None else f" (p95 {option.seen.p95_ms / 1_000:.2g} s)"
        yield Objection("latency_class", f"it is {found.replace('_', ' ')}{p95}, {needed.replace('_', ' ')} is needed")


def _affordable(option: Option, needs: Needs) -> Iterator[Objection]:
    stated = needs.stated
    per_call, per_month = option.usd_per_useful_call, option.cost.usd if option.cost else None
    yield from _within("max_usd_per_call", per_call, stated.max_usd_per_call, "a useful call")
    yield from _within("max_usd_per_month", per_month, stated.max_usd_per_month, "a month")


def _within(name: str, cost: Decimal | None, limit: Decimal | None, unit: str) -> Iterator[Objection]:
    if limit is None:
        return
    if cost is None:
        yield Objection(name, f"what it costs {unit} is not known", True)
    elif cost > limit:
        yield Objection(name, f"${cost:.4f} {unit}, ${limit.normalize():f} are the limit")


def _among(provider: str, allowed: Collection[str]) -> bool:
    return list_provider(provider) in {list_provider(one) for one in allowed}
