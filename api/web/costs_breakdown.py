"""What ``/costs`` shows: totals, a breakdown that can be drilled into, waste, cache. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from api.costs.models import CostItem
from api.filters import check_dimensions
from api.web.address import Address
from api.web.filters_shown import Choice, choices
from watchkeeper.storage.call_filter import DIMENSIONS
from watchkeeper.storage.cost_plan import Interval

DEFAULT_PERIOD = "7d"
DRILL = ("service", "route", "model", "outcome")
"""By what calls are broken down where nobody chooses, the first that is not fixed by a filter."""
OFFERED = tuple(name for name in DIMENSIONS if name != "user_hash")
_SUPERSEDED = "superseded"
_WASTE = {
    "superseded": "answers that a later attempt of the same call replaced (retries)",
    "error": "calls that failed",
    "timeout": "calls that timed out",
    "rate_limited": "calls that were turned away by a rate limit",
    "refused": "answers that refuse",
    "filtered": "answers that the provider filtered",
    "truncated": "answers that were cut off at the limit of tokens",
    "format_invalid": "answers that broke the format they had to keep",
    "tool_invalid": "calls of tools that were broken",
    "empty": "empty answers",
    "cancelled": "calls that the application gave up",
}
_INTERVALS = ((3, Interval.HOUR), (14, Interval.SIX_HOURS), (120, Interval.DAY), (400, Interval.WEEK))
"""Of periods of at most so many days; longer ones by month."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group of the breakdown."""

    name: str
    """Empty: calls that name none."""
    into: str | None
    """The address that shows this group alone; None where no filter could say it."""
    item: CostItem
    share: float | None
    """Of the known cost of all groups."""


@dataclass(frozen=True, slots=True)
class WasteRow:
    """What went on calls without a useful answer."""

    reason: str
    what: str
    usd: Decimal
    share: float | None
    """Of the known cost."""
    calls: str | None
    """The address of single calls that ended so; None where they cannot be searched for."""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Calls by one dimension."""

    by: str
    rows: tuple[GroupRow, ...]
    groups: int
    """In all, also those that are not listed."""
    others_usd: Decimal | None
    """Known cost of the groups that are not listed; None: not known."""
    dimensions: tuple[Choice, ...]
    more: str | None
    """The address that lists more."""


def dimension_of(address: Address) -> str:
    """What the calls are broken down by. Raises :class:`~api.problems.Problem` (422) for what is no dimension."""
    asked = address.one("by")
    if asked:
        check_dimensions((asked,), "by")
        return asked
    fixed = {name for name in DRILL if len(address.all(name)) == 1}
    return next((name for name in DRILL if name not in fixed), DRILL[-1])


def breakdown(
    address: Address, by: str, items: Sequence[CostItem], totals: CostItem, counts: tuple[int, int]
) -> Breakdown:
    """``items`` are the dearest groups; ``counts`` how many there are, and how many are listed at most."""
    groups, most = counts
    rows = tuple(_row(address, by, item, totals) for item in items)
    return Breakdown(
        by=by,
        rows=rows,
        groups=groups,
        others_usd=_others(items, totals),
        dimensions=choices(address, "by", OFFERED, by),
        more=address.link(limit=str(most)) if groups > len(items) and len(items) < most else None,
    )


def _row(address: Address, by: str, item: CostItem, totals: CostItem) -> GroupRow:
    name = item.group[by]
    return GroupRow(name, _into(address, by, name), item, share_of(item.cost_usd, totals.cost_usd))


def _into(address: Address, by: str, name: str) -> str | None:
    if not name or by == "gateway_cache_hit":
        return None
    if by.startswith("tag:"):
        tags = (*address.all("tag"), f"{by.removeprefix('tag:')}={name}")
        return address.link(tag=tags, by=None, limit=None)
    return address.link(**{by: name, "by": None, "limit": None})


def _others(items: Sequence[CostItem], totals: CostItem) -> Decimal | None:
    if totals.cost_usd is None:
        return None
    # A group of which no cost is known adds nothing to the total either.
    return totals.cost_usd - sum((item.cost_usd for item in items if item.cost_usd is not None), Decimal(0))


def share_of(part: Decimal | None, whole: Decimal | None) -> float | None:
    """None where one of both is not known, or there is nothing to have a share of."""
    return float(part / whole) if part is not None and whole else None


def waste_rows(address: Address, totals: CostItem) -> tuple[WasteRow, ...]:
    """What was wasted on what, the most first."""
    by_size = sorted(totals.wasted.items(), key=lambda one: (-one[1], one[0]))
    return tuple(
        WasteRow(reason, _WASTE.get(reason, reason), usd, share_of(usd, totals.cost_usd), _calls(address, reason))
        for reason, usd in by_size
    )


def _calls(address: Address, reason: str) -> str | None:
    return None if reason == _SUPERSEDED else calls_link(address, outcome=reason)


def calls_link(address: Address, **filters: str) -> str:
    """The search of single calls with the filters of ``address`` and its period, the dearest first."""
    return address.link("/calls", by=None, limit=None, retries=None, order="cost", **filters)


def interval_of(days: float) -> Interval:
    """How long the bars of a chart over so many days are."""
    return next((interval for most, interval in _INTERVALS if days <= most), Interval.MONTH)


def items_of(rows: Sequence[Mapping[str, object]]) -> list[CostItem]:
    """Rows of a reading as the API's items."""
    return [CostItem.model_validate(row) for row in rows]
