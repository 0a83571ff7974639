"""What the route's calls would cost a month on another model, at today's prices: all of them from one scan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from api.advising.facts import Model, MonthlyCost
from api.catalog.parts import CatalogParts
from api.prices import Prices
from api.requirements.inferring import days_seen, monthly
from watchkeeper.price_quote import UNKNOWN, PriceKey, Quote, UnitPrices
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_profile import RouteArm
from watchkeeper.storage.route_tokens import TokenSums, calls_above, token_sums

_LEAST_PRICED = 0.9
"""Share of the calls that must have a price on a model for a sum to say anything of all of them."""
_PICO, _NANO = Decimal("1e-12"), Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Priced:
    """A model's cost for the route's calls, and how many of them would not fit into its context."""

    cost: MonthlyCost | None
    too_large: int = 0


@dataclass(frozen=True, slots=True)
class RoutePrices:
    """What the calls of ``current`` cost as they are, and on each of the models that were asked for."""

    now: MonthlyCost | None
    on: dict[Model, Priced]


@dataclass(frozen=True, slots=True)
class RoutePricer:
    """Prices the calls ``chosen``, which are those of ``current``. Calls keep the tier and the cache use they had."""

    store: Store
    parts: CatalogParts
    chosen: CallFilter
    current: RouteArm
    now: datetime

    def prices(self, models: Sequence[Model]) -> RoutePrices:
        """Of all ``models`` at once. Raises :class:`~watchkeeper.errors.ConfigError` for too many tiers and sizes."""
        above = self._bounds(models)
        cells = token_sums(self.store, self.chosen, above)
        days = days_seen(self.current.first_at, self.now)
        contexts = self._contexts(models)
        larger = calls_above(self.store, self.chosen, sorted(set(contexts.values())))
        found = {}
        for model in models:
            usd = self._sum(cells, above, model)
            cost = None if usd is None else _certain(monthly(usd, days), "the same calls at today's list price")
            found[model] = Priced(cost, larger[contexts[model]] if model in contexts else 0)
        return RoutePrices(self._now(cells, above, days), found)

    def _now(self, cells: Sequence[TokenSums], above: Sequence[int], days: Decimal) -> MonthlyCost | None:
        """At today's prices, or what the calls cost where no list has them."""
        arm = self.current
        usd = self._sum(cells, above, None)
        if usd is not None:
            return _certain(monthly(usd, days), "the calls at today's list price")
        if not arm.calls_with_cost or arm.calls_with_cost < _LEAST_PRICED * arm.primary_calls:
            return None
        whole = arm.cost_usd * arm.primary_calls / arm.calls_with_cost
        return _certain(monthly(whole, days), "what the calls cost when they were made")

    def _sum(self, cells: Sequence[TokenSums], above: Sequence[int], model: Model | None) -> Decimal | None:
        """Dollars for all calls, those without a price taken to be like the others; None where too many have none."""
        total, priced, calls = Decimal(0), 0, sum(cell.calls for cell in cells)
        for cell in cells:
            quote = self._quote(model, cell)
            usd = _cost(cell, quote.at(above[cell.size - 1] + 1 if cell.size else 0)) if quote else None
            if usd is not None:
                total, priced = total + usd, priced + cell.calls
        return total * calls / priced if priced and priced >= _LEAST_PRICED * calls else None

    def _quote(self, model: Model | None, cell: TokenSums) -> Quote | None:
        if model is None:
            key = PriceKey(self.current.provider, cell.request_model, cell.model, cell.service_tier)
        else:
            key = PriceKey(model.provider, model.model, model.model, cell.service_tier)
        return self._prices.quote(key, self.now)

    def _bounds(self, models: Iterable[Model]) -> list[int]:
        """Input tokens at which some price changes."""
        names = [*models, Model(self.current.provider, self.current.request_model)]
        quotes = (self._prices.quote(PriceKey(one.provider, one.model, one.model), self.now) for one in names)
        return sorted({bound for quote in quotes if quote for bound in quote.above})

    def _contexts(self, models: Iterable[Model]) -> dict[Model, int]:
        catalog = self.parts.catalog()
        known = {model: catalog.resolve(model.provider, model.model) for model in models}
        return {model: facts.context_tokens for model, facts in known.items() if facts and facts.context_tokens}

    @property
    def _prices(self) -> Prices:
        return self.parts.prices


def spread(cost: MonthlyCost, token_share: float) -> MonthlyCost:
    """``cost`` where as many tokens more or fewer may be needed."""
    less, more = Decimal(str(1 - token_share)), Decimal(str(1 + token_share))
    return MonthlyCost(cost.usd, cost.usd * less, cost.usd * more, f"{cost.basis}, {token_share:.0%} either way")


def _cost(cell: TokenSums, unit: UnitPrices) -> Decimal | None:
    parts = (
        (cell.uncached, unit.input),
        (cell.cache_read, unit.cache_read),
        (cell.cache_write, unit.cache_write),
        (cell.plain_output, unit.output),
        (cell.reasoning, unit.reasoning),
    )
    if unit.request == UNKNOWN or any(tokens and price == UNKNOWN for tokens, price in parts):
        return None
    return _PICO * sum(tokens * price for tokens, price in parts if tokens) + _NANO * cell.calls * unit.request


def _certain(usd: Decimal, basis: str) -> MonthlyCost:
    return MonthlyCost(usd, usd, usd, basis)
