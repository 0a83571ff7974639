"""What it costs to serve a model on GPUs of one's own, and from how many calls a day on that is cheaper than an API.

All of it, not the GPU alone: replicas that run day and night, the people who look after them, fixed costs, and what was
spent once, spread over its life. Pure; exact decimals; no number is made up, so what is missing makes the results None.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import ROUND_CEILING, Decimal
from typing import ClassVar

DAYS_A_MONTH = Decimal(365) / 12
_HOURS_A_DAY = 24
_SECONDS_A_DAY = 86_400
_CENT = Decimal("0.01")
_DUST = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class SelfHosting:
    """What the user knows of serving the model. The first five are needed; None: not stated."""

    gpu_usd_per_hour: Decimal | None = None
    gpus_per_replica: int | None = None
    tokens_per_second: Decimal | None = None
    """Input and output tokens together that one replica gets through, at this traffic's mix."""
    utilisation: Decimal | None = None
    """Part (0 to 1] of that capacity which the day's traffic can fill: nights and reserves for peaks are the rest."""
    engineer_hours_per_month: Decimal | None = None
    engineer_usd_per_hour: Decimal | None = None
    fixed_usd_per_month: Decimal = Decimal(0)
    """Storage, network, licences, monitoring, power where GPUs are owned."""
    one_off_usd: Decimal = Decimal(0)
    amortise_months: int = 36
    min_replicas: int = 1
    """For availability."""

    NEEDED: ClassVar[dict[str, str]] = {
        "gpu_usd_per_hour": "dollars an hour for one GPU, rented or its share of the purchase",
        "gpus_per_replica": "GPUs that one copy of the model needs",
        "tokens_per_second": "input and output tokens a second that one copy gets through: measure with your prompts",
        "utilisation": "part of that capacity which your traffic can fill, e.g. 0.4",
        "engineer_hours_per_month": "hours a month for operation, updates and evaluation; 0 only if it is nothing",
        "engineer_usd_per_hour": "what such an hour costs in all",
    }

    @property
    def missing(self) -> dict[str, str]:
        """Names of what is needed and not stated, each with what it means."""
        return {name: meaning for name, meaning in self.NEEDED.items() if getattr(self, name) is None}


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is observed of the API today; None where it is not known."""

    calls_per_day: Decimal | None
    tokens_per_call: Decimal | None
    api_usd_per_call: Decimal | None

    @property
    def missing(self) -> dict[str, str]:
        """What was not observed, each with what that means."""
        meanings = {
            "calls_per_day": "no calls in the period",
            "tokens_per_call": "no call of the period has token counts",
            "api_usd_per_call": "no call of the period has a known cost",
        }
        return {name: meanings[name] for name in (f.name for f in fields(self)) if getattr(self, name) is None}


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The comparison; money per day unless named otherwise. ``break_even`` None beside a ``reason``: there is none."""

    replicas: int
    gpu_usd: Decimal
    people_usd: Decimal
    fixed_usd: Decimal
    """Fixed costs, and the day's share of what was spent once."""
    self_hosting_usd: Decimal
    api_usd: Decimal
    self_hosting_usd_per_call: Decimal | None
    capacity_calls_per_replica: Decimal
    break_even_calls_per_day: int | None
    always_cheaper_from_calls_per_day: int | None
    """Every further replica is a step in the cost; from here on none of them makes the API cheaper again."""
    reason: str


def break_even(hosting: SelfHosting, traffic: Traffic) -> BreakEven | None:
    """Self-hosting against the API at today's traffic, and the traffic at which both cost the same.

    With c calls of capacity a replica and day, g dollars a replica and day, F other dollars a day and a dollars an API
    call, n calls cost ``F + g * max(min_replicas, ceil(n / c))`` against ``a * n``. None where something is missing.
    """
    if hosting.missing or traffic.missing:
        return None
    costs = _Costs.of(hosting, traffic)
    calls, api_call = _known(traffic.calls_per_day), _known(traffic.api_usd_per_call)
    replicas = costs.replicas(calls)
    total = costs.people + costs.fixed + replicas * costs.replica
    first, always = costs.crossings(api_call)
    return BreakEven(
        replicas=replicas,
        gpu_usd=replicas * costs.replica,
        people_usd=costs.people,
        fixed_usd=costs.fixed,
        self_hosting_usd=total,
        api_usd=calls * api_call,
        self_hosting_usd_per_call=total / calls if calls else None,
        capacity_calls_per_replica=costs.capacity,
        break_even_calls_per_day=first,
        always_cheaper_from_calls_per_day=always,
        reason=costs.reason(api_call, first),
    )


@dataclass(frozen=True, slots=True)
class _Costs:
    replica: Decimal
    people: Decimal
    fixed: Decimal
    capacity: Decimal
    min_replicas: int

    @classmethod
    def of(cls, hosting: SelfHosting, traffic: Traffic) -> "_Costs":
        tokens = _known(hosting.tokens_per_second) * _SECONDS_A_DAY * _known(hosting.utilisation)
        people = _known(hosting.engineer_hours_per_month) * _known(hosting.engineer_usd_per_hour)
        fixed = hosting.fixed_usd_per_month + hosting.one_off_usd / hosting.amortise_months
        return cls(
            replica=_known(hosting.gpu_usd_per_hour) * (hosting.gpus_per_replica or 0) * _HOURS_A_DAY,
            people=people / DAYS_A_MONTH,
            fixed=fixed / DAYS_A_MONTH,
            capacity=tokens / _known(traffic.tokens_per_call),
            min_replicas=hosting.min_replicas,
        )

    def replicas(self, calls: Decimal) -> int:
        return max(self.min_replicas, _ceiling(calls / self.capacity))

    def crossings(self, api_call: Decimal) -> tuple[int | None, int | None]:
        """The first number of calls a day at which self-hosting is no dearer, and the one after which it stays so."""
        gain = api_call * self.capacity - self.replica
        if api_call <= 0:
            return None, None
        others = self.people + self.fixed
        at_least = (others + self.min_replicas * self.replica) / api_call
        if at_least <= self.min_replicas * self.capacity:
            first: int | None = _ceiling(at_least)
        elif gain <= 0:
            first = None
        else:
            step = max(self.min_replicas + 1, _ceiling(others / gain))
            # A step begins right after the calls that the replicas before it can hold.
            first = max(_ceiling((others + step * self.replica) / api_call), int((step - 1) * self.capacity) + 1)
        return first, self._always(first, others, gain, api_call)

    def _always(self, first: int | None, others: Decimal, gain: Decimal, api_call: Decimal) -> int | None:
        """Right after the step to replica r the API costs ``a (r-1) c``: from where that covers ``F + r g`` for good.

        As if calls came in fractions, so it is never too early: between a step and the first whole call after it the
        API may be cheaper by less than one call costs.
        """
        if first is None or gain <= 0:
            return None
        last_unsafe = max(self.min_replicas, _ceiling((others + api_call * self.capacity) / gain) - 1)
        return max(first, _ceiling((others + last_unsafe * self.replica) / api_call))

    def reason(self, api_call: Decimal, first: int | None) -> str:
        if first is not None:
            return ""
        if api_call <= 0:
            return "the API costs nothing for these calls"
        return (
            f"a replica that is full costs {_cents(self.replica)} $ a day, and the API charges "
            f"{_cents(api_call * self.capacity)} $ for the calls it holds: more calls do not help"
        )


def tco_formula() -> Iterator[str]:
    """How the numbers come about, in words."""
    yield "replicas = max(min_replicas, ceil(calls a day x tokens a call / (tokens_per_second x 86400 x utilisation)))"
    yield "GPUs a day = replicas x gpus_per_replica x gpu_usd_per_hour x 24: replicas run day and night"
    yield "people a day = engineer_hours_per_month x engineer_usd_per_hour / (365/12)"
    yield "fixed a day = (fixed_usd_per_month + one_off_usd / amortise_months) / (365/12)"
    yield "API a day = calls a day x observed cost of a call whose cost is known"


def _known(value: Decimal | None) -> Decimal:
    return Decimal(0) if value is None else value


def _ceiling(value: Decimal) -> int:
    # Of what is a whole number but for the last digits of a division.
    return int(value.quantize(_DUST).to_integral_value(ROUND_CEILING))


def _cents(value: Decimal) -> str:
    return f"{value.quantize(_CENT):,}"
