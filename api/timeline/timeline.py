"""What models do over time, from what the store, the detectors and the catalogue know of them. No I/O."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from api.health.models import PastRegressionItem
from api.timeline.models import EndOfLifeItem, FingerprintItem, ModelItem, RouteUseItem
from api.timeline.served_spans import repoints, served_spans, serving_now
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.facts import ModelFacts as CatalogFacts
from watchkeeper.model_names import is_exact, same_model
from watchkeeper.storage.model_timeline import FingerprintUse, ModelUse, ServedDay

Requested = tuple[str, str]
"""Provider and requested model."""
_MOST_ROUTES = 100


@dataclass(frozen=True, slots=True)
class ModelsOverTime:
    """All that is known of the requested models of a period."""

    days: Mapping[Requested, Sequence[ServedDay]]
    uses: Mapping[Requested, Sequence[ModelUse]]
    findings: Mapping[Requested, Sequence[PastRegressionItem]]
    catalog: Catalog | None
    today: date

    def requested(self) -> list[Requested]:
        """All of them, the most expensive of the last 30 days first."""
        return sorted({*self.days, *self.uses}, key=lambda key: (-_cost(self.uses.get(key, ())), key))

    def item(self, key: Requested) -> ModelItem:
        """One of them."""
        provider, asked = key
        days, uses = self.days.get(key, ()), self.uses.get(key, ())
        known = sum(use.calls_with_cost for use in uses)
        return ModelItem(
            provider=provider,
            request_model=asked,
            answers=sum(one.calls for one in days),
            served=served_spans(days),
            serving_now=serving_now(days),
            repoints=repoints(days),
            findings=list(self.findings.get(key, ())),
            end_of_life=list(self._end_of_life(provider, dict.fromkeys([asked, *(one.model for one in days)]))),
            calls_30d=sum(use.calls for use in uses),
            cost_30d_usd=_cost(uses) if known else None,
            unpriced_calls_30d=sum(use.calls_unpriced for use in uses),
            routes_30d=[_route(use) for use in uses[:_MOST_ROUTES]],
        )

    def _end_of_life(self, provider: str, models: Mapping[str, Any]) -> Iterator[EndOfLifeItem]:
        for model in models:
            facts = self._catalogued(provider, model)
            if facts is None or not (facts.deprecated or facts.deprecation_date or facts.retirement_date):
                continue
            retired = facts.retirement_date
            yield EndOfLifeItem(
                model=model,
                deprecated=facts.deprecated,
                deprecation_date=facts.deprecation_date,
                retirement_date=retired,
                days_left=(retired - self.today).days if retired else None,
                replacement=facts.replacement,
                sources=list(facts.sources),
            )

    def _catalogued(self, provider: str, model: str) -> CatalogFacts | None:
        found = self.catalog.resolve(provider, model) if self.catalog is not None and model else None
        if found is None:
            return None
        # An alias stays when one of its versions goes, and a version may go while its alias stays.
        alike = same_model(found.model, model) and is_exact(found.model) == is_exact(model)
        return found if alike else None


def by_requested(rows: Sequence[Any]) -> dict[Requested, list[Any]]:
    """``rows`` with a provider and a requested model, put together by them; their order stays."""
    found: dict[Requested, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.provider, row.request_model].append(row)
    return dict(found)


def fingerprint_items(uses: Sequence[FingerprintUse]) -> list[FingerprintItem]:
    """In the order in which they were first seen."""
    totals: dict[str, int] = defaultdict(int)
    for use in uses:
        totals[use.model] += use.calls
    items = [
        FingerprintItem(
            model=use.model,
            fingerprint=use.fingerprint,
            first_seen=use.first_seen,
            last_seen=use.last_seen,
            calls=use.calls,
            share=round(use.calls / totals[use.model], 6),
        )
        for use in uses
        if use.calls
    ]
    return sorted(items, key=lambda item: (item.first_seen, item.model, item.fingerprint))


def _cost(uses: Sequence[ModelUse]) -> Decimal:
    return sum((use.cost_usd for use in uses), Decimal(0))


def _route(use: ModelUse) -> RouteUseItem:
    return RouteUseItem(
        service=use.service,
        route=use.route,
        calls=use.calls,
        cost_usd=use.cost_usd if use.calls_with_cost else None,
        unpriced_calls=use.calls_unpriced,
    )
