"""What moving saves a month, what it takes, and when that has paid for itself."""

from dataclasses import dataclass
from decimal import Decimal

from api.advising.facts import Assumed, Option

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Saving:
    """Dollars a month; negative where the candidate costs more. ``low`` is the cautious end."""

    usd: Decimal
    low: Decimal
    high: Decimal
    share: float
    """Of today's cost."""
    basis: str


@dataclass(frozen=True, slots=True)
class Effort:
    """What moving takes, once. Months are None where the saving may be none."""

    days: float
    usd: Decimal
    payback_months: float | None
    payback_low: float | None
    """Soonest."""
    payback_high: float | None
    """Latest; None: perhaps never."""


def saving(current: Option, candidate: Option) -> Saving | None:
    """None where one of the two costs is not known."""
    now, then = current.cost, candidate.cost
    if now is None or then is None or now.usd <= 0:
        return None
    gain = now.usd - then.usd
    return Saving(gain, now.usd - then.high, now.usd - then.low, float(gain / now.usd), then.basis)


def effort(current: Option, candidate: Option, saved: Saving | None, assumed: Assumed) -> Effort:
    """Days of work by how much changes, and how long the saving takes to bring them in."""
    days = _days(current, candidate, assumed)
    usd = (Decimal(days) * assumed.day_usd).quantize(_CENT)
    if saved is None:
        return Effort(days, usd, None, None, None)
    return Effort(days, usd, *(_months(usd, gain) for gain in (saved.usd, saved.high, saved.low)))


def is_minor(saved: Saving, assumed: Assumed) -> bool:
    """Is it below what is worth anybody's while?"""
    return saved.usd < assumed.min_saving_usd or saved.share < assumed.min_saving_share


def _days(current: Option, candidate: Option, assumed: Assumed) -> float:
    if candidate.same_model:
        return assumed.same_model_days
    same_provider = candidate.model.provider == current.model.provider
    return assumed.same_provider_days if same_provider else assumed.other_provider_days


def _months(usd: Decimal, gain: Decimal) -> float | None:
    return round(float(usd / gain), 1) if gain > 0 else None
