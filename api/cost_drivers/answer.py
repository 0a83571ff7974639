"""An explanation of a difference in cost, put as the API answers it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from api.answers.dollars import usd
from api.cost_drivers.decomposition import Driver, Explanation, Parts, SliceChange, explain
from api.cost_drivers.factors import TOKEN_TYPES, Key, cell_key
from api.cost_drivers.models import (
    Certainty,
    CostDriversAnswer,
    DriverItem,
    OtherSlices,
    PeriodSpending,
    PriceChange,
    SliceItem,
    SliceParts,
    WaterfallStep,
)
from api.cost_drivers.sentences import Told, sentences
from api.cost_drivers.totals import PeriodTotals, period_totals
from watchkeeper.storage.cost_cells import CostCell

MOST_PRICE_CHANGES = 50
_PRICE_CHANGE = 0.01
_PER_MILLION = 1_000_000
_NAMED_DRIVERS = 2
Names = tuple[str, str, str, str]
"""Service, route, provider and model of a slice."""


@dataclass(frozen=True, slots=True)
class PeriodRead:
    """A period as it was read, and what was found in it."""

    begin: datetime
    end: datetime
    cells: Sequence[CostCell]

    @property
    def days(self) -> float:
        return (self.end - self.begin) / timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the numbers come from."""

    table: str
    complete_since: datetime | None


def drivers_answer(versus: PeriodRead, period: PeriodRead, origin: Origin, limit: int) -> CostDriversAnswer:
    """Why ``period`` cost something else than ``versus``; ``limit`` slices are listed one by one."""
    told = Told(
        explain(versus.cells, period.cells, (versus.days, period.days)),
        period_totals(versus.cells, versus.days),
        period_totals(period.cells, period.days),
    )
    known = all(total.known_calls or not total.calls for total in (told.before, told.after))
    slices = _slices(told.explanation.slices, (_unpriced(versus.cells), _unpriced(period.cells)))
    return CostDriversAnswer(
        certainty=Certainty.EXPLAINED if known else Certainty.CANNOT_TELL,
        summary=_summary(told) if known else _UNKNOWN,
        period=_spending(period, told.after),
        versus=_spending(versus, told.before),
        difference_usd=told.after.cost_usd - told.before.cost_usd if known else None,
        drivers=_drivers(told) if known else [],
        waterfall=list(_waterfall(told)) if known else [],
        slices=slices[:limit] if known else [],
        other_slices=_others(slices[limit:]) if known and len(slices) > limit else None,
        price_changes=_price_changes(told.explanation)[:MOST_PRICE_CHANGES] if known else [],
        source=origin.table,
        complete_since=origin.complete_since,
        notes=list(_notes((versus, period), told, origin)),
    )


_UNKNOWN = (
    "Cannot tell: no call of one of the periods has a known cost. Give the models a price (docs/pricing.md) and "
    "reprice, or check that their calls report tokens."
)


def _summary(told: Told) -> str:
    before, after = told.before.cost_usd, told.after.cost_usd
    if after == before:
        return f"Cost did not change: {usd(after)}."
    share = f" ({float(after / before) - 1:+.1%})" if before else ""
    direction = "up" if after > before else "down"
    parts = _by_size(told.explanation.parts)[:_NAMED_DRIVERS]
    same = [driver for driver, amount in parts if (amount > 0) == (after > before)]
    causes = " and ".join(f"{name} ({_signed(told.explanation.parts[name])})" for name in same)
    through = f", for the most part through {causes.replace('_', ' ')}" if causes else ""
    return f"Cost went {direction} by {usd(abs(after - before))}{share}{through}."


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else '-'}{usd(abs(amount))}"


def _by_size(parts: Parts) -> list[tuple[Driver, Decimal]]:
    return sorted(parts.items(), key=lambda item: -abs(item[1]))


def _spending(read: PeriodRead, total: PeriodTotals) -> PeriodSpending:
    known = bool(total.known_calls or not total.calls)
    return PeriodSpending(
        start=read.begin,
        end=read.end,
        days=read.days,
        calls=total.calls,
        useful_answers=total.answers,
        cost_usd=total.cost_usd if known else None,
        wasted_usd=total.wasted_usd if known else None,
        unpriced_calls=total.unpriced_calls,
        calls_without_usage=total.unknown_calls,
    )


def _drivers(told: Told) -> list[DriverItem]:
    parts, words = told.explanation.parts, sentences(told)
    difference = told.after.cost_usd - told.before.cost_usd
    return [
        DriverItem(
            driver=driver,
            amount_usd=amount,
            share=float(amount / difference) if difference else None,
            is_negligible=told.is_negligible(amount),
            sentence=words[driver],
        )
        for driver, amount in _by_size(parts)
    ]


def _waterfall(told: Told) -> Iterator[WaterfallStep]:
    reached = told.before.cost_usd
    yield WaterfallStep(step="before", from_usd=Decimal(0), to_usd=reached)
    for driver, amount in told.explanation.parts.items():
        yield WaterfallStep(step=driver, from_usd=reached, to_usd=reached + amount)
        reached += amount
    yield WaterfallStep(step="after", from_usd=Decimal(0), to_usd=reached)


def _unpriced(cells: Sequence[CostCell]) -> frozenset[Names]:
    """What has calls, and none of a known cost."""
    known: Counter[Names] = Counter()
    for cell in cells:
        known[_named(cell_key(cell))] += cell.known_calls + cell.gateway_hits
    return frozenset(names for names, calls in known.items() if not calls)


def _named(key: Key) -> Names:
    return key[0], key[2], key[4], key[5]


def _slices(changes: Sequence[SliceChange], unpriced: tuple[frozenset[Names], frozenset[Names]]) -> list[SliceItem]:
    """By service, route, provider and model; what moved most first. Costs are null where ``unpriced`` names them."""
    groups: dict[Names, list[SliceChange]] = {}
    for change in changes:
        groups.setdefault(_named(change.key), []).append(change)
    in_order = sorted(groups.items(), key=lambda item: -abs(sum((one.difference for one in item[1]), Decimal(0))))
    return [_slice(names, group, (names in unpriced[0], names in unpriced[1])) for names, group in in_order]


def _slice(names: Names, group: Sequence[SliceChange], unpriced: tuple[bool, bool]) -> SliceItem:
    before, after = (
        None if unknown else sum((getattr(one, side) for one in group), Decimal(0))
        for side, unknown in zip(("before", "after"), unpriced, strict=True)
    )
    parts = _sums([{str(driver): amount for driver, amount in one.parts.items()} for one in group])
    service, route, provider, model = names
    return SliceItem(
        service=service,
        route=route,
        provider=provider,
        model=model,
        before_usd=before,
        after_usd=after,
        difference_usd=None if before is None or after is None else after - before,
        parts=parts,
    )


def _sums(parts: Sequence[Mapping[str, Decimal]]) -> SliceParts:
    return SliceParts(**{name: sum((one[name] for one in parts), Decimal(0)) for name in SliceParts.model_fields})


def _others(slices: Sequence[SliceItem]) -> OtherSlices:
    parts = _sums([one.parts.model_dump() for one in slices])
    moved = sum(parts.model_dump().values(), Decimal(0))
    return OtherSlices(slices=len(slices), difference_usd=moved, parts=parts)


def _price_changes(explanation: Explanation) -> list[PriceChange]:
    before, after = (factors.prices[:, 0] for factors in explanation.factors)
    moved = abs(after - before) > _PRICE_CHANGE * before
    rows = sorted(
        range(len(explanation.slices)), key=lambda row: -abs(explanation.slices[row].parts[Driver.UNIT_PRICE])
    )
    return [
        PriceChange(
            **_names(explanation.slices[row]),
            token_type=name,
            before_usd=float(before[row, kind]) * _PER_MILLION,
            after_usd=float(after[row, kind]) * _PER_MILLION,
        )
        for row in rows
        for kind, name in enumerate(TOKEN_TYPES)
        if moved[row, kind]
    ]


def _names(change: SliceChange) -> dict[str, str]:
    service, _, route, _, provider, model = change.key
    return {"service": service, "route": route, "provider": provider, "model": model}


def _notes(periods: Sequence[PeriodRead], told: Told, origin: Origin) -> Iterator[str]:
    if origin.complete_since and any(read.begin < origin.complete_since for read in periods):
        yield f"Calls from before {origin.complete_since:%Y-%m-%d %H:%M} UTC may be gone: a period is cut off."
    if not all(read.cells for read in periods):
        yield "One of the periods has no calls: the whole difference is volume."
    elif not told.before.answers or not told.after.answers:
        yield "One of the periods has no useful answers: waste is not told apart, and volume counts all calls."
    unpriced = told.before.unpriced_calls + told.after.unpriced_calls
    if unpriced:
        yield f"{unpriced:,} calls without a price are in no sum; `coverage` holds what their share moved."
