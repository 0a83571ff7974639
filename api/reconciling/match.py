"""Both sides of a bill brought together by day and model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from api.reconciling.export import Export, ExportRow, total
from watchkeeper.model_names import ModelName, parsed
from watchkeeper.price_names import CLIENTS, list_provider, split_prefix
from watchkeeper.storage.provider_usage import StoredUsage

_DAY_S = 86_400
COUNTS = ("requests", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")


@dataclass(slots=True)
class Sums:
    """Usage and cost of one side; None: it does not say."""

    requests: int | None = None
    input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    usd: Decimal | None = None

    def add(self, other: "Sums") -> None:
        """Together with ``other``."""
        for name in COUNTS:
            setattr(self, name, total(getattr(self, name), getattr(other, name)))
        if other.usd is not None:
            self.usd = (self.usd or Decimal(0)) + other.usd

    def less(self, other: "Sums") -> "Sums":
        """What this has more than ``other``, in all that both tell."""
        counts = {name: _less(getattr(self, name), getattr(other, name)) for name in COUNTS}
        return Sums(**counts, usd=None if self.usd is None or other.usd is None else self.usd - other.usd)

    @property
    def tokens(self) -> int | None:
        """Input and output."""
        return total(self.input_tokens, self.output_tokens)


@dataclass(slots=True)
class Cell:
    """One day of one model, from both sides."""

    day: datetime
    label: str
    theirs: Sums = field(default_factory=Sums)
    ours: Sums = field(default_factory=Sums)
    names_there: set[str] = field(default_factory=set)
    names_here: set[str] = field(default_factory=set)
    tiers_there: set[str] = field(default_factory=set)
    in_export: bool = False
    unpriced_calls: int = 0
    calls_without_usage: int = 0


def is_of(row: StoredUsage, provider: str) -> bool:
    """Was a stored call billed by ``provider``? Where the span names a client only, the model's prefix says."""
    named = list_provider(row.provider)
    if named == provider:
        return True
    return named.replace("-", "_") in CLIENTS - {"openai"} and split_prefix(row.model)[0] == provider


def cells(export: Export, stored: Iterable[StoredUsage]) -> list[Cell]:
    """Every day and model that either side has. Costs of other things than calls are left out."""
    of_calls = [row for row in export.rows if not row.item]
    ours = list(stored)
    label_of = _labels({row.model for row in of_calls}, {row.model for row in ours})
    found: dict[tuple[datetime, str], Cell] = {}

    def cell(day: datetime, model: str) -> Cell:
        return found.setdefault((day, label_of[model]), Cell(day, label_of[model]))

    for row in of_calls:
        _add_theirs(cell(day_of(row.at, export.day_offset), row.model), row)
    for usage in ours:
        _add_ours(cell(usage.day.astimezone(UTC), usage.model), usage)
    for one in found.values():
        _fill(one, export)
    return list(found.values())


def other_items(export: Export) -> Mapping[str, Decimal]:
    """What the provider charges beside calls, by name."""
    sums: dict[str, Decimal] = {}
    for row in export.rows:
        if row.item and row.usd is not None:
            sums[row.item] = sums.get(row.item, Decimal(0)) + row.usd
    return sums


def day_of(moment: datetime, offset: timedelta) -> datetime:
    """The begin of the day that ``moment`` lies in, where days begin ``offset`` after midnight UTC."""
    seconds, shift = int(moment.timestamp()), int(offset.total_seconds())
    return datetime.fromtimestamp((seconds - shift) // _DAY_S * _DAY_S + shift, UTC)


def in_all(every: Iterable[Cell]) -> tuple[Sums, Sums]:
    """The provider's side and ours."""
    theirs, ours = Sums(), Sums()
    for one in every:
        theirs.add(one.theirs)
        ours.add(one.ours)
    return theirs, ours


def _add_theirs(cell: Cell, row: ExportRow) -> None:
    cell.in_export = True
    cell.theirs.add(
        Sums(
            row.requests,
            row.tokens.input,
            row.tokens.cache_read,
            row.tokens.cache_write,
            row.tokens.output,
            row.usd,
        )
    )
    cell.names_there.add(row.model)
    cell.tiers_there.add(row.tier)


def _add_ours(cell: Cell, row: StoredUsage) -> None:
    priced = row.calls_with_usage > row.unpriced_calls or row.usd > 0
    cell.ours.add(
        Sums(
            row.calls,
            row.input_tokens,
            row.cache_read_tokens,
            row.cache_write_tokens,
            row.output_tokens,
            row.usd if priced else None,
        )
    )
    cell.names_here.add(row.model)
    cell.unpriced_calls += row.unpriced_calls
    cell.calls_without_usage += max(0, row.calls - row.calls_with_usage)


def _fill(cell: Cell, export: Export) -> None:
    """A side that has nothing of a model and day has none of what it tells of others."""
    tokens = 0 if export.has_tokens else None
    if not cell.in_export:
        cell.theirs = Sums(None, tokens, None, None, tokens, Decimal(0) if export.has_usd else None)
    if not cell.names_here:
        cell.ours = Sums(0, 0, 0, 0, 0, Decimal(0))


def _labels(there: set[str], here: set[str]) -> dict[str, str]:
    """For each name of a model what it is compared as."""
    if there <= {""}:
        # A bill without models is compared with all calls of a day.
        return dict.fromkeys(there | here, "")
    versions: dict[ModelName, list[str]] = {}
    for name in sorted(there | here, key=lambda name: (len(name), name)):
        versions.setdefault(parsed(name), []).append(name)
    families: dict[str, list[ModelName]] = {}
    for version in versions:
        families.setdefault(version.family, []).append(version)
    labels: dict[str, str] = {}
    for family, members in families.items():
        theirs, ours = ({v for v in members if side.intersection(versions[v])} for side in (there, here))
        together = _told_together(theirs, ours)
        for version in members:
            labels |= dict.fromkeys(versions[version], family if version in together else versions[version][0])
    return labels


def _told_together(there: set[ModelName], here: set[ModelName]) -> set[ModelName]:
    """Versions of one family that cannot be told apart: what one side alone names may be the other's other spelling."""
    only_there, only_here = there - here, here - there
    left = only_there | only_here
    if not (there and here) or not left:
        return set()
    if only_there and only_here:
        return left
    # An alias may stand for any of the versions; a version of its own stands for itself.
    return set() if all(name.version for name in left) else there | here


def _less(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other
