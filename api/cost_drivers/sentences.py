"""One plain sentence for each driver of cost: what changed, where most of it, and what it did to the bill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from api.answers.dollars import usd
from api.cost_drivers.decomposition import Driver, Explanation
from api.cost_drivers.factors import TOKEN_TYPES, Floats, Key
from api.cost_drivers.totals import PeriodTotals

_NEGLIGIBLE = Decimal("0.0005")
"""Of the spending of both periods."""
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What the sentences are made of."""

    explanation: Explanation
    before: PeriodTotals
    after: PeriodTotals

    def row(self, driver: Driver) -> int:
        """The slice that moved most."""
        return int(np.argmax([abs(float(one.parts[driver])) for one in self.explanation.slices]))

    def is_negligible(self, amount: Decimal) -> bool:
        """Is it not worth a sentence of its own?"""
        return abs(amount) <= (self.before.cost_usd + self.after.cost_usd) * _NEGLIGIBLE


def sentences(told: Told) -> dict[Driver, str]:
    """For each driver."""
    parts = told.explanation.parts
    return {driver: _sentence(driver, parts[driver], told) for driver in Driver}


def _sentence(driver: Driver, amount: Decimal, told: Told) -> str:
    if told.is_negligible(amount):
        return f"{_SUBJECTS[driver]} had no part in it."
    return f"{_FACTS[driver](told)}: {'added' if amount > 0 else 'saved'} {usd(abs(amount))}."


def place(key: Key) -> str:
    """A slice as a sentence names it."""
    service, _, route, _, provider, model = key
    return f"{workload(key)} on {provider}/{model}" if service or route else f"{provider}/{model}"


def workload(key: Key) -> str:
    """Service and route; once where they are the same word."""
    service, route = key[0], key[2]
    return service if route in ("", service) else f"{service}/{route}"


def _period_length(told: Told) -> str:
    return f"The period is {told.after.days:.4g} days long against {told.before.days:.4g}"


def _volume(told: Told) -> str:
    before, after = told.before.answers_a_day, told.after.answers_a_day
    return f"Useful answers went from {_count(before)} to {_count(after)} a day{_percent(before, after)}"


def _route_mix(told: Told) -> str:
    before, after = told.explanation.factors
    each = _answer_cost(told)
    share = (before.route_share + after.route_share) / 2 * (before.model_share + after.model_share) / 2
    keys = [one.key for one in told.explanation.slices]
    routes = {key[:4]: [row for row, other in enumerate(keys) if other[:4] == key[:4]] for key in keys}
    average = float(np.average(each, weights=share))
    of_route = {route: float(np.average(each[rows], weights=_weights(share[rows]))) for route, rows in routes.items()}

    def moved(route: tuple[str, str, str, str]) -> float:
        row = routes[route][0]
        return abs(float(after.route_share[row] - before.route_share[row]) * (of_route[route] - average))

    most = max(routes, key=moved)
    row = routes[most][0]
    return (
        f"Work moved between routes, most at {workload(keys[row])}: from {before.route_share[row]:.1%} to "
        f"{after.route_share[row]:.1%} of all answers, at {usd(of_route[most])} each ({usd(average)} on average)"
    )


def _model_mix(told: Told) -> str:
    before, after = told.explanation.factors
    moved = after.model_share - before.model_share
    weight = (before.route_share + after.route_share) / 2 * _answer_cost(told)
    row = int(np.argmax(np.abs(moved * weight)))
    key = told.explanation.slices[row].key
    return (
        f"Routes changed models, most {workload(key)}: {key[4]}/{key[5]} went from {before.model_share[row]:.1%} to "
        f"{after.model_share[row]:.1%} of its answers, at {usd(_answer_cost(told)[row])} each"
    )


def _answer_cost(told: Told) -> Floats:
    """Dollars an answer of each slice with its waste, the mean of both periods."""
    costs = []
    for factors in told.explanation.factors:
        a_call = factors.cost_per_call()
        costs.append(factors.known * a_call[:, 0] + factors.waste * factors.known_waste * a_call[:, 1])
    return np.asarray(sum(costs) / 2)


def _weights(share: Floats) -> Floats | None:
    return share if share.any() else None


def _length(driver: Driver, name: str, words: str) -> Callable[[Told], str]:
    def fact(told: Told) -> str:
        row = told.row(driver)
        before, after = (getattr(factors, name)[row] for factors in told.explanation.factors)
        kind = int(np.argmax(np.abs(after - before)))
        told_of = "wasted calls of " if kind else ""
        return (
            f"{words} changed, most at {told_of}{place(told.explanation.slices[row].key)}: from "
            f"{_count(before[kind])} to {_count(after[kind])} tokens a call{_percent(before[kind], after[kind])}"
        )

    return fact


def _cache(told: Told) -> str:
    row = told.row(Driver.CACHE)
    kinds = {
        "of its input read from the cache": "cache_read",
        "of its input written to the cache": "cache_write",
        "of its answers from the gateway's cache": "gateway",
    }
    before, after = told.explanation.factors
    changes = {words: (getattr(before, name)[row], getattr(after, name)[row]) for words, name in kinds.items()}
    words = max(changes, key=lambda name: float(np.max(np.abs(changes[name][1] - changes[name][0]))))
    kind = int(np.argmax(np.abs(changes[words][1] - changes[words][0])))
    old, new = (values[kind] for values in changes[words])
    where = place(told.explanation.slices[row].key)
    return f"Caching changed, most at {where}: from {old:.1%} to {new:.1%} {words}"


def _unit_price(told: Told) -> str:
    row = told.row(Driver.UNIT_PRICE)
    before, after = (factors.prices[row] for factors in told.explanation.factors)
    where = place(told.explanation.slices[row].key)
    if np.allclose(before, after, rtol=1e-6, atol=0):
        return f"Costs that no token accounts for changed, most at {where}"
    kind, token = np.unravel_index(int(np.argmax(np.abs(after - before))), before.shape)
    old, new = before[kind, token], after[kind, token]
    name = TOKEN_TYPES[int(token)].replace("_", " ")
    return (
        f"Prices changed, most at {where}: {name} tokens from {usd(old * _MILLION)} to {usd(new * _MILLION)} "
        f"a million{_percent(old, new)}"
    )


def _waste(told: Told) -> str:
    old, new = told.before.wasted_per_100, told.after.wasted_per_100
    rates = f"from {old:.2f} to {new:.2f} for every 100 useful answers, " if old is not None and new is not None else ""
    spent = f"from {usd(told.before.wasted_usd)} to {usd(told.after.wasted_usd)} of spending"
    return f"Calls without a useful answer went {rates}{spent}"


def _coverage(told: Told) -> str:
    old, new = told.before.known_share or 0.0, told.after.known_share or 0.0
    return (
        f"The cost of {new:.1%} of the useful calls is known, of {old:.1%} before, which moves the sum and not the bill"
    )


def _count(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _percent(before: float, after: float) -> str:
    return f" ({after / before - 1:+.1%})" if before else ""


_FACTS: Mapping[Driver, Callable[[Told], str]] = {
    Driver.PERIOD_LENGTH: _period_length,
    Driver.VOLUME: _volume,
    Driver.ROUTE_MIX: _route_mix,
    Driver.MODEL_MIX: _model_mix,
    Driver.INPUT_LENGTH: _length(Driver.INPUT_LENGTH, "input", "Input length"),
    Driver.OUTPUT_LENGTH: _length(Driver.OUTPUT_LENGTH, "output", "Output length"),
    Driver.CACHE: _cache,
    Driver.UNIT_PRICE: _unit_price,
    Driver.WASTE: _waste,
    Driver.COVERAGE: _coverage,
}
_SUBJECTS: Mapping[Driver, str] = {
    Driver.PERIOD_LENGTH: "The length of the periods",
    Driver.VOLUME: "The number of useful answers",
    Driver.ROUTE_MIX: "The mix of routes",
    Driver.MODEL_MIX: "The mix of models within routes",
    Driver.INPUT_LENGTH: "Input length",
    Driver.OUTPUT_LENGTH: "Output length",
    Driver.CACHE: "Caching",
    Driver.UNIT_PRICE: "Unit prices",
    Driver.WASTE: "Calls without a useful answer",
    Driver.COVERAGE: "Calls whose cost is not known",
}
