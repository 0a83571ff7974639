"""From a price list to the table that stored calls are priced with: only what differs is kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from api.prices import Prices
from watchkeeper.price_quote import UNKNOWN, PriceKey, Quote, UnitPrices
from watchkeeper.storage.what_if import Combination, PriceTable

_NO_QUOTE = UnitPrices(request=UNKNOWN)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the calls would go instead; None keeps what each call had."""

    provider: str | None = None
    model: str | None = None
    tier: str | None = None

    def key(self, called: Combination) -> PriceKey:
        """What decides the price of such a call there."""
        return PriceKey(
            called.provider if self.provider is None else self.provider,
            called.request_model if self.model is None else self.model,
            called.model if self.model is None else self.model,
            called.service_tier if self.tier is None else self.tier,
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call to a model may hold, in tokens; None where that is not known, or not asked."""

    context: int | None = None
    output: int | None = None


LimitsOf = Callable[[PriceKey], Limits]


def price_table(
    prices: Prices, called: Sequence[Combination], target: Target, limits_of: LimitsOf, at: datetime | None
) -> PriceTable:
    """Prices of every combination in ``called`` at ``target``: on each call's own day, or all ``at`` one moment."""
    moments = [at] if at is not None else list(price_moments(called, prices.day_cuts))
    keys = {one.key: target.key(one) for one in called}
    distinct = list(dict.fromkeys(keys.values()))
    quotes = {key: [prices.quote(key, moment) for moment in moments] for key in distinct}
    kept = [place for place in range(len(moments)) if place == 0 or any(_changed(q, place) for q in quotes.values())]
    above = sorted({bound for found in quotes.values() for quote in found if quote for bound in quote.above})
    limits = [limits_of(key) for key in distinct]
    return PriceTable(
        row_of={word: distinct.index(key) for word, key in keys.items()},
        eras=tuple(0 if place == 0 else _microseconds(moments[place]) for place in kept),
        above=tuple(above),
        cells=tuple(_cells(distinct, quotes, kept, above)),
        most_context=tuple(limit.context or 0 for limit in limits),
        most_output=tuple(limit.output or 0 for limit in limits),
    )


def price_moments(called: Iterable[Combination], day_cuts: Sequence[int]) -> Iterator[datetime]:
    """The beginnings of all times in which no price changes, from the first call's to the last one's."""
    times = [moment for one in called for moment in (one.first_at, one.last_at)]
    if not times:
        return
    day, last = min(times).astimezone(UTC).date(), max(times).astimezone(UTC).date()
    while day <= last:
        midnight = datetime.combine(day, time(), UTC)
        yield from (midnight + timedelta(seconds=cut) for cut in (0, *day_cuts))
        day += _DAY


def _changed(quotes: Sequence[Quote | None], place: int) -> bool:
    return _terms(quotes[place]) != _terms(quotes[place - 1])


def _terms(quote: Quote | None) -> object:
    return quote and (quote.above, quote.brackets)


def _cells(
    keys: Sequence[PriceKey],
    quotes: Mapping[PriceKey, Sequence[Quote | None]],
    eras: Sequence[int],
    above: Sequence[int],
) -> Iterator[UnitPrices]:
    for key in keys:
        for era in eras:
            quote = quotes[key][era]
            for size in (0, *(bound + 1 for bound in above)):
                yield quote.at(size) if quote else _NO_QUOTE


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000
