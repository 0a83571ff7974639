"""The factors that make up the cost of each cell: calls, their mix, tokens a call, cache shares, unit prices, waste.

For a slice (one route on one model), per period::

    cost = days × answers a day × share of the route × share of the model on the route
           × (known × cost of an answer + waste × known of the waste × cost of a wasted call)

    cost of a call = (1 − gateway hits) × (input × (1 − read − write) × p_input + input × read × p_read
                     + input × write × p_write + output × p_output + rest)

An answer is a call with the outcome ``ok``; waste counts the others per answer. Every figure is read off the calls, so
that with the factors of a period the formula gives back what was spent in it. A factor of something that did not exist
in a period (the tokens per call of a route that was not there) is that of the other period: nothing changed about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from watchkeeper.storage.cost_cells import CostCell

Floats = npt.NDArray[np.float64]

TOKEN_TYPES = ("input", "cache_read", "cache_write", "output")
"""The order of prices: uncached input, read from and written to the provider's cache, output."""
Key = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """One period. Arrays have a row for each slice; those of calls a second axis: useful, wasted."""

    days: Floats
    """Length of the period, the same for all slices, as is the next."""
    daily: Floats
    """Answers a day."""
    route_share: Floats
    """Of all answers."""
    model_share: Floats
    """Of the answers of the route."""
    known: Floats
    """Share of the answers whose cost is known."""
    waste: Floats
    """Wasted calls for each answer of the slice."""
    lone_waste: Floats
    """Wasted calls for each answer at all, where the slice itself has no answers in one of the periods."""
    known_waste: Floats
    input: Floats
    """Tokens a call, cached ones included."""
    output: Floats
    cache_read: Floats
    """Share of the input."""
    cache_write: Floats
    gateway: Floats
    """Share of the answers that a gateway's cache gave."""
    prices: Floats
    """Dollars a token, third axis as in :data:`TOKEN_TYPES`."""
    rest: Floats
    """Dollars a call that belong to no token."""

    def cost_per_call(self) -> Floats:
        """Dollars a call, useful and wasted."""
        plain = self.input * (1 - self.cache_read - self.cache_write)
        tokens = (plain, self.input * self.cache_read, self.input * self.cache_write, self.output)
        spent = sum(count * self.prices[..., kind] for kind, count in enumerate(tokens))
        return np.asarray((1 - self.gateway) * (spent + self.rest))

    def spend(self, cost_per_call: Floats) -> Floats:
        """Dollars of each slice, when a call costs as much as given."""
        useful, wasted = cost_per_call[:, 0], cost_per_call[:, 1]
        own = self.known * useful + self.waste * self.known_waste * wasted
        lone = self.lone_waste * self.known_waste * wasted
        return self.days * self.daily * (self.route_share * self.model_share * own + lone)


@dataclass(frozen=True, slots=True, eq=False)
class _Totals:
    """Sums of one period: a row for each slice, then useful and wasted calls, then :data:`TOKEN_TYPES`."""

    calls: Floats
    hits: Floats
    known: Floats
    unpriced: Floats
    cost: Floats
    tokens: Floats
    parts: Floats

    @property
    def answers(self) -> Floats:
        """Useful calls. A row that only completes a call of an earlier period counts as one."""
        return np.maximum(self.calls, self.hits + self.known + self.unpriced)[:, 0]

    @property
    def wasted(self) -> Floats:
        """Wasted calls that used tokens; a refused connection costs nothing."""
        return (self.known + self.unpriced)[:, 1]


def factors_of(
    keys: Sequence[Key], periods: tuple[Sequence[CostCell], Sequence[CostCell]], days: tuple[float, float]
) -> tuple[Factors, Factors]:
    """The factors of two periods, ``days`` long, for the slices ``keys``, which hold all their cells.

    Where one of the periods has no useful call at all, waste is not told apart, and every call counts as an answer.
    """
    totals = [_totals(keys, cells) for cells in periods]
    if not all(total.answers.any() for total in totals):
        totals = [_undivided(total) for total in totals]
    lone = np.any([(total.answers == 0) & (total.wasted > 0) for total in totals], axis=0)
    workload = _places([key[:4] for key in keys])
    before, after = (_factors(total, workload, lone, length) for total, length in zip(totals, days, strict=True))
    return _completed(before, after), _completed(after, before)


def _totals(keys: Sequence[Key], cells: Sequence[CostCell]) -> _Totals:
    place = {key: number for number, key in enumerate(keys)}
    counts, money = np.zeros((5, len(keys), 2)), np.zeros((2, len(keys), 2, len(TOKEN_TYPES)))
    for cell in cells:
        at = place[cell_key(cell)], int(not cell.useful)
        counts[:, *at] += (cell.calls, cell.gateway_hits, cell.known_calls, cell.unpriced_calls, float(cell.cost_usd))
        cached = cell.cache_read_tokens, cell.cache_write_tokens
        money[0, *at] += (max(cell.input_tokens - sum(cached), 0), *cached, cell.output_tokens)
        money[1, *at] += [float(cost) for cost in _parts(cell)]
    return _Totals(*counts, *money)


def cell_key(cell: CostCell) -> Key:
    """What a cell is a slice of: service, environment, route, operation, provider, model."""
    return cell.service, cell.environment, cell.route, cell.operation, cell.provider, cell.model


def _parts(cell: CostCell) -> tuple[Decimal, ...]:
    return cell.cost_input_usd, cell.cost_cache_read_usd, cell.cost_cache_write_usd, cell.cost_output_usd


def _undivided(totals: _Totals) -> _Totals:
    merged = {field.name: getattr(totals, field.name).copy() for field in fields(_Totals)}
    for values in merged.values():
        values[:, 0] += values[:, 1]
        values[:, 1] = 0
    return _Totals(**merged)


def _places(words: Sequence[tuple[str, ...]]) -> npt.NDArray[np.intp]:
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    return np.array([numbers[word] for word in words], np.intp)


def _factors(totals: _Totals, workload: npt.NDArray[np.intp], lone: npt.NDArray[np.bool_], days: float) -> Factors:
    """With not-a-number for what the period does not tell."""
    answers, wasted, every = totals.answers, totals.wasted, np.asarray(totals.answers.sum())
    of_route = np.asarray(np.bincount(workload, answers), np.float64)[workload]
    input_tokens = totals.tokens[..., :3].sum(axis=2)
    reached = totals.known + totals.hits
    prices, rest = _unit_prices(totals)
    return Factors(
        days=np.asarray(days),
        daily=np.asarray(every / days),
        route_share=_ratio(of_route, every),
        model_share=_ratio(answers, of_route),
        known=_ratio(reached[:, 0], answers),
        waste=np.where(lone, 0, _ratio(wasted, answers)),
        lone_waste=np.where(lone, _ratio(wasted, every), 0),
        known_waste=_ratio(totals.known[:, 1], wasted),
        input=_ratio(input_tokens, totals.known),
        output=_ratio(totals.tokens[..., 3], totals.known),
        cache_read=_ratio(totals.tokens[..., 1], input_tokens),
        cache_write=_ratio(totals.tokens[..., 2], input_tokens),
        gateway=_ratio(totals.hits, reached) * (1, 0),
        prices=prices,
        rest=rest,
    )


def _unit_prices(totals: _Totals) -> tuple[Floats, Floats]:
    """Dollars a token by type, and dollars a call that belong to no token.

    A cost without parts (the emitter's own) is laid on all tokens alike.
    """
    whole = totals.cost - totals.parts.sum(axis=2)
    tokens = totals.tokens.sum(axis=2)
    prices = _ratio(totals.parts, totals.tokens) + np.nan_to_num(_ratio(whole, tokens))[..., np.newaxis]
    rest = np.where(tokens > 0, 0, whole) + np.where(totals.tokens > 0, 0, totals.parts).sum(axis=2)
    return prices, _ratio(rest, totals.known)


def _ratio(part: Floats, whole: Floats) -> Floats:
    nothing = np.full(np.broadcast_shapes(np.shape(part), np.shape(whole)), np.nan)
    np.divide(part, whole, out=nothing, where=whole > 0)
    return nothing


def _completed(own: Factors, other: Factors) -> Factors:
    """``own`` with the other period's figure where it has none, and 0 where neither has one."""
    pairs = ((field.name, getattr(own, field.name), getattr(other, field.name)) for field in fields(Factors))
    return Factors(**{name: np.nan_to_num(np.where(np.isnan(one), two, one)) for name, one, two in pairs})
