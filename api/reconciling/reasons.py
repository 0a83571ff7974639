"""Why one day of one model differs: what the numbers themselves and the stored calls point to, likeliest first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from api.reconciling.match import Cell, Sums
from api.reconciling.models import Reason, ReasonItem

_LATE = timedelta(hours=48)
_DAY = timedelta(days=1)
_HALF = Decimal("0.5")
_NEAR_HALF = Decimal("0.03")
_COMPARED = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much may differ: a part of the larger number, or so many dollars."""

    share: Decimal
    usd: Decimal

    def same(self, one: Decimal | int | None, other: Decimal | int | None) -> bool | None:
        """Are two counts the same? None where one is not known."""
        if one is None or other is None:
            return None
        left, right = Decimal(one), Decimal(other)
        return abs(left - right) <= self.share * max(abs(left), abs(right))

    def same_usd(self, one: Decimal | None, other: Decimal | None) -> bool | None:
        """Are two amounts the same? None where one is not known."""
        if one is None or other is None:
            return None
        return abs(one - other) <= self.usd or bool(self.same(one, other))

    def agrees(self, theirs: Sums, ours: Sums) -> bool | None:
        """Do both sides agree in all that both tell of tokens and dollars? None where there is nothing."""
        told = [self.same(getattr(theirs, name), getattr(ours, name)) for name in _COMPARED]
        if ours.usd is None and theirs.usd is not None:
            # Calls without any price beside a bill: the bill is the difference.
            told.append(abs(theirs.usd) <= self.usd)
        known = [one for one in (*told, self.same_usd(theirs.usd, ours.usd)) if one is not None]
        return all(known) if known else None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known beside the two numbers."""

    tolerance: Tolerance
    now: datetime
    last_day: datetime
    """The last day of the export."""
    complete_since: datetime | None
    balanced: frozenset[str]
    """Models whose days differ but whose whole period agrees."""
    repeated: Mapping[str, int] = field(default_factory=dict)
    """Answers stored more than once, by the name of the model."""
    tiers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Stored calls by service tier, by the name of the model."""


def reasons(cell: Cell, around: Circumstances) -> list[ReasonItem]:
    """Likely reasons of a difference; empty where both sides agree."""
    if around.tolerance.agrees(cell.theirs, cell.ours):
        return []
    found = [*_presence(cell, around)]
    if found:
        return found
    if cell.label in around.balanced:
        found.append(_item(Reason.DAY_BOUNDARIES, "The whole period agrees: the two sides put calls into other days."))
    tokens = _tokens_agree(cell, around.tolerance)
    if tokens is None:
        found += _without_tokens(cell)
    elif tokens:
        found += _priced_differently(cell, around)
    else:
        found += _counted_differently(cell, around)
    return found


def _presence(cell: Cell, around: Circumstances) -> Iterator[ReasonItem]:
    if not cell.ours.requests:
        if around.complete_since is not None and cell.day < around.complete_since:
            yield _item(Reason.HISTORY_GONE, "Stored usage of this day is gone: its retention is over.")
        elif not cell.label and any(cell.names_there):
            yield _item(Reason.MODEL_NOT_IN_EXPORT, "The export names no model for this.")
        else:
            yield _item(
                Reason.NOT_INSTRUMENTED,
                "No call to this model is stored for the day: not instrumented, or it has another name here.",
            )
    elif not cell.in_export:
        if around.now - cell.day < _LATE + _DAY or cell.day >= around.last_day:
            yield _late()
        yield _item(
            Reason.NOT_IN_EXPORT,
            "The export has nothing of this model and day: it may hold one project, workspace or key only.",
        )


def _tokens_agree(cell: Cell, tolerance: Tolerance) -> bool | None:
    same_input = tolerance.same(cell.theirs.input_tokens, cell.ours.input_tokens)
    same_output = tolerance.same(cell.theirs.output_tokens, cell.ours.output_tokens)
    known = [same for same in (same_input, same_output) if same is not None]
    return all(known) if known else None


def _without_tokens(cell: Cell) -> Iterator[ReasonItem]:
    yield from _unpriced(cell)
    ratio = _ratio(cell)
    if ratio is not None and abs(ratio - _HALF) <= _NEAR_HALF:
        yield _item(Reason.BATCH_DISCOUNT, "The provider charges half of our price, as it does for batches.")
    yield _item(
        Reason.TOKENS_NOT_IN_EXPORT,
        "The export has amounts only, so calls that are missing and prices that differ look alike: compare the "
        "export of usage too.",
    )


def _priced_differently(cell: Cell, around: Circumstances) -> Iterator[ReasonItem]:
    if around.tolerance.same_usd(cell.theirs.usd, cell.ours.usd or Decimal(0)) is False:
        yield from _unpriced(cell)
        yield from _prices(cell, around)
    if not _cache_agrees(cell, around.tolerance):
        yield _item(
            Reason.CACHE_COUNTED_DIFFERENTLY,
            "Input agrees in all, but not what of it was read from or written to the cache.",
        )


def _prices(cell: Cell, around: Circumstances) -> Iterator[ReasonItem]:
    ratio = _ratio(cell)
    if ratio is None:
        return
    told = sorted(tier for tier in cell.tiers_there if tier)
    ours = {tier for name in cell.names_here for tier in around.tiers.get(name, {}) if tier}
    if "batch" in told or abs(ratio - _HALF) <= _NEAR_HALF:
        yield _item(
            Reason.BATCH_DISCOUNT,
            f"Tokens agree and the provider charges {ratio:.3f} of our price: batches cost half, and stored calls "
            f"{'say so for some' if 'batch' in ours else 'do not say that they were batches'}.",
        )
    elif told:
        yield _item(Reason.TIER_PRICE, f"Tokens agree, and the export has the tiers {', '.join(told)}.")
    else:
        yield _item(
            Reason.PRICE_DIFFERS,
            f"Tokens agree and the provider charges {ratio:.3f} of our price: a discount, a changed price, or "
            "charges that go by something else than text tokens. A price file states your own prices.",
        )


def _counted_differently(cell: Cell, around: Circumstances) -> Iterator[ReasonItem]:
    if _cached_explains(cell, around.tolerance):
        yield _item(
            Reason.CACHE_COUNTED_DIFFERENTLY,
            "The inputs differ by the cached tokens: one side counts them in, the other does not.",
        )
        return
    if (cell.theirs.tokens or 0) > (cell.ours.tokens or 0):
        yield from _more_there(cell, around)
    else:
        yield from _more_here(cell, around)


def _more_there(cell: Cell, around: Circumstances) -> Iterator[ReasonItem]:
    same_calls = around.tolerance.same(cell.theirs.requests, cell.ours.requests)
    if cell.calls_without_usage and same_calls is not False:
        yield _item(
            Reason.USAGE_NOT_REPORTED,
            f"{cell.calls_without_usage:,} stored calls told no tokens (streams without usage, broken-off answers).",
        )
    theirs, ours = cell.theirs.tokens or 0, cell.ours.tokens or 0
    if not same_calls:
        yield _item(
            Reason.NOT_INSTRUMENTED,
            f"{(theirs - ours) / theirs:.1%} of the provider's tokens are in no stored call: applications that are not "
            "instrumented, or sampling.",
        )
    elif not cell.calls_without_usage:
        yield _item(
            Reason.NO_TOKENS_OF_A_CALL, "As many calls but more tokens: tools or images that spans do not count."
        )


def _more_here(cell: Cell, around: Circumstances) -> Iterator[ReasonItem]:
    if cell.day >= around.last_day or around.now - cell.day < _LATE + _DAY:
        yield _late()
    repeated = sum(around.repeated.get(name, 0) for name in cell.names_here)
    if repeated:
        yield _item(Reason.REPEATED_CALLS, f"{repeated:,} answers of this model are stored more than once.")
    yield _item(
        Reason.NOT_IN_EXPORT,
        "More is stored than the export has: it may hold one project, workspace or key only, or the calls went to "
        "another account or to a compatible server.",
    )


def _unpriced(cell: Cell) -> Iterator[ReasonItem]:
    if cell.unpriced_calls:
        yield _item(Reason.UNPRICED, f"{cell.unpriced_calls:,} stored calls have no price: they are in no sum here.")


def _cache_agrees(cell: Cell, tolerance: Tolerance) -> bool:
    names = ("cache_read_tokens", "cache_write_tokens")
    return all(tolerance.same(getattr(cell.theirs, n), getattr(cell.ours, n)) is not False for n in names)


def _cached_explains(cell: Cell, tolerance: Tolerance) -> bool:
    theirs, ours = cell.theirs, cell.ours
    if theirs.input_tokens is None or not tolerance.same(theirs.output_tokens, ours.output_tokens):
        return False
    read, written = ours.cache_read_tokens or 0, ours.cache_write_tokens or 0
    read, written = max(read, theirs.cache_read_tokens or 0), max(written, theirs.cache_write_tokens or 0)
    steps = {step for part in (read, written, read + written) for step in (part, -part) if part}
    return any(tolerance.same(theirs.input_tokens, (ours.input_tokens or 0) + step) for step in steps)


def _ratio(cell: Cell) -> Decimal | None:
    theirs, ours = cell.theirs.usd, cell.ours.usd
    return theirs / ours if theirs is not None and ours else None


def _late() -> ReasonItem:
    return _item(Reason.REPORTED_LATER, "The day is young: providers report usage and cost hours later.")


def _item(reason: Reason, sentence: str) -> ReasonItem:
    return ReasonItem(reason=reason, sentence=sentence)
