"""Reads what advice on a route rests on: calls, comparisons, prices, the catalogue, what is open, what is required."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from api.advising.away import away
from api.advising.comparisons import Comparer, Period, cost_change
from api.advising.facts import (
    Assumed,
    Evidence,
    Model,
    MonthlyCost,
    Moving,
    Option,
    RouteFacts,
    Seen,
    Standing,
    Traffic,
)
from api.advising.margins import margins
from api.advising.pricing import RoutePricer, spread
from api.advising.shortlist import SIZES, Question, is_same_model, shortlist
from api.advising.standings import OPEN, OVER, standing, troubles
from api.catalog.parts import CatalogParts
from api.health.series_state import Concern
from api.migrating.standing import standings
from api.requirements.inferring import Needs, days_seen, needs_of
from api.requirements.models import Requirements
from api.what_if.fares import latency_class
from watchkeeper.catalog.facts import ModelFacts
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import TransitionRow
from watchkeeper.storage.route_profile import RouteArm, current_arm, route_arms
from watchkeeper.storage.route_weights import RouteWeights, read_all

_WIDE = 10.0
"""An upper end of more than eleven times today's cost says that nothing was measured."""
_A_SHARE = 0.05
"""Of the last day's calls, below which another model on the route is not worth a word."""


@dataclass(frozen=True, slots=True)
class Observed:
    """All routes in a period: their arms, what is open, what is stated."""

    span: CallFilter
    now: datetime
    arms: Sequence[RouteArm]
    troubles: Sequence[TransitionRow]
    """Closed ones too."""
    concerns: Sequence[Concern]
    """Of those that are not closed."""
    stated: Mapping[str, Requirements]
    weights: Mapping[str, RouteWeights]
    moving: Mapping[str, Moving]
    """By route, where a migration is under way."""

    @classmethod
    def read(
        cls, store: Store, span: tuple[datetime, datetime], now: datetime, stated: Mapping[str, Requirements]
    ) -> "Observed":
        """Raises :class:`~watchkeeper.errors.ConfigError` where too much was called."""
        chosen = CallFilter(*span)
        present, over = troubles(store, OPEN), troubles(store, OVER)
        weights = {one.route: one for one in read_all(store)}
        concerns = [Concern.of(row) for row in present]
        return cls(chosen, now, route_arms(store, chosen), [*present, *over], concerns, stated, weights, _moving(store))

    def routes(self) -> list[str]:
        """The dearest first, then those with most calls; routes of which something is stated only come last."""
        spent: dict[str, tuple[Decimal, int]] = {route: (Decimal(0), 0) for route in self.stated}
        for arm in self.arms:
            usd, calls = spent.get(arm.route, (Decimal(0), 0))
            spent[arm.route] = (usd + arm.cost_usd, calls + arm.primary_calls)
        return sorted(spent, key=lambda route: (-spent[route][0], -spent[route][1], route))

    def current(self, route: str) -> RouteArm | None:
        """The model of now, see :func:`~watchkeeper.storage.route_profile.current_arm`."""
        return current_arm((arm for arm in self.arms if arm.route == route), self.weights.get(route))

    def standing(self, model: Model, route: str = "") -> Standing:
        """How ``model`` fares now, on ``route`` or wherever it is called."""
        series = {
            one
            for arm in self.arms
            if (arm.provider, arm.request_model) == (model.provider, model.model) and route in ("", arm.route)
            for one in arm.series
        }
        return standing(self.concerns, series, (model.provider, model.model))

    def shares(self, current: RouteArm) -> dict[Model, float]:
        """Other models that a good part of the route's calls go to now."""
        arms = [arm for arm in self.arms if arm.route == current.route]
        total = sum(arm.recent_calls for arm in arms)
        return {
            Model(arm.provider, arm.request_model): arm.recent_calls / total
            for arm in arms
            if arm is not current and total and arm.recent_calls >= _A_SHARE * total
        }


@dataclass(frozen=True, slots=True)
class FactsReader:
    """Reads the facts of one route after the other; each takes some queries, bounded in number."""

    store: Store
    parts: CatalogParts
    observed: Observed
    assumed: Assumed

    def facts(self, route: str) -> RouteFacts:
        """Everything of ``route``. Raises :class:`~watchkeeper.errors.WatchkeeperError` as its queries do."""
        observed = self.observed
        arm = observed.current(route)
        needs = needs_of(observed.stated.get(route), arm, observed.now)
        if arm is None:
            return RouteFacts(route, observed.now, None, Traffic(0, 0.0, {}, None), needs)
        return _RouteReader(self, arm, needs).facts()


class _RouteReader:
    """What is read once for all candidates of a route."""

    def __init__(self, reader: FactsReader, arm: RouteArm, needs: Needs) -> None:
        observed = reader.observed
        self._reader, self._arm, self._needs = reader, arm, needs
        self._model = Model(arm.provider, arm.request_model)
        self._catalog = reader.parts.catalog()
        self._known = self._catalog.resolve(arm.provider, arm.request_model)
        self._size = self._place(self._known)
        period = Period(reader.store, observed.span)
        self._comparer = Comparer(period, arm, observed.arms, margins(needs.effective))
        own = CallFilter(
            observed.span.begin,
            observed.span.end,
            route=(arm.route,),
            provider=(arm.provider,),
            request_model=(arm.request_model,),
        )
        question = Question(arm, needs, observed.now, reader.assumed.notice_days)
        self._listed = shortlist(question, observed.arms, self._catalog)
        self._prices = RoutePricer(reader.store, reader.parts, own, arm, observed.now).prices(self._listed.models)

    def facts(self) -> RouteFacts:
        observed, arm = self._reader.observed, self._arm
        days = float(days_seen(arm.first_at, observed.now))
        return RouteFacts(
            arm.route,
            observed.now,
            self._current(),
            Traffic(
                arm.primary_calls,
                arm.primary_calls / days,
                self._comparer.rates(),
                self._comparer.latency_spread(),
            ),
            self._needs,
            tuple(self._candidate(model) for model in self._listed.models),
            observed.shares(arm),
            self._listed.left_out,
            observed.weights.get(arm.route),
            away(observed.weights.get(arm.route), observed.troubles),
            observed.moving.get(arm.route),
        )

    def _current(self) -> Option:
        return Option(
            self._model,
            self._known,
            self._reader.observed.standing(self._model, self._arm.route),
            self._prices.now,
            _per_useful_call(self._arm),
            seen=_seen(self._arm),
        )

    def _candidate(self, model: Model) -> Option:
        observed = self._reader.observed
        evidence = self._comparer.evidence(model)
        is_same = is_same_model(self._model, model)
        priced = self._prices.on[model]
        listed = priced.cost and (priced.cost if is_same else spread(priced.cost, self._reader.assumed.token_share))
        cost = self._measured(evidence) or listed
        here = self._arm_here(model)
        known = self._catalog.resolve(model.provider, model.model)
        return Option(
            model,
            known,
            observed.standing(model),
            cost,
            self._useful_call_on(cost, here),
            evidence,
            _seen(here) if here is not None else Seen(),
            is_same,
            self._is_smaller(known),
            priced.too_large,
        )

    def _is_smaller(self, known: ModelFacts | None) -> bool:
        """Not where a size is not known."""
        place = self._place(known)
        return place is not None and self._size is not None and place < self._size

    def _place(self, known: ModelFacts | None) -> int | None:
        """Of the model's size among all sizes."""
        size = self._catalog.describe(known).size if known is not None else None
        return SIZES.index(size) if size is not None else None

    def _measured(self, evidence: Evidence) -> MonthlyCost | None:
        """Today's cost times what like calls cost on the candidate, failures included; None: nothing was measured."""
        change, now = cost_change(evidence), self._prices.now
        if change is None or now is None or not change.high <= _WIDE:
            return None
        usd, low, high = (now.usd * Decimal(str(1 + share)) for share in (change.estimate, change.low, change.high))
        return MonthlyCost(usd, low, high, "the cost of a useful call, measured on like calls of both")

    def _useful_call_on(self, cost: MonthlyCost | None, here: RouteArm | None) -> Decimal | None:
        """What was paid here; else as many calls are taken to be useful as now."""
        if here is not None and here.useful_with_cost:
            return _per_useful_call(here)
        now = _per_useful_call(self._arm)
        today = self._prices.now
        if cost is None or today is None or now is None or not today.usd:
            return None
        return now * cost.usd / today.usd

    def _arm_here(self, model: Model) -> RouteArm | None:
        names = (self._arm.route, model.provider, model.model)
        arms = self._reader.observed.arms
        return next((arm for arm in arms if (arm.route, arm.provider, arm.request_model) == names), None)


def _moving(store: Store) -> dict[str, Moving]:
    return {
        one.migration.route: Moving(
            one.migration.id,
            Model(one.migration.candidate.provider, one.migration.candidate.model),
            one.phase.value,
            one.last.paused,
        )
        for one in standings(store)
        if one.is_active
    }


def _per_useful_call(arm: RouteArm) -> Decimal | None:
    return arm.cost_usd / arm.useful_with_cost if arm.useful_with_cost else None


def _seen(arm: RouteArm) -> Seen:
    within, _ = latency_class(arm.duration)
    p95 = arm.duration.p95_us
    return Seen(
        arm.largest_tokens or 0, arm.tool_calls > 0, arm.json_calls > 0, within, None if p95 is None else p95 / 1_000
    )
