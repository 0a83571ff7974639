"""What calls cost, by served model and kind of token, and by what two sums differ (logarithmic mean Divisia index)."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from detectors.columns import Bools, Floats, Ints
from detectors.group_calls import GroupCalls, UnitCalls

COMPONENTS = ("input", "cache_read", "cache_write", "output", "whole")
"""Kinds of tokens with prices of their own; ``whole`` holds calls of which only the sum is known."""
_KINDS = len(COMPONENTS)
_MOST_MODELS = 8
_REST = "other"
_TINY = 1e-12
DRIVERS = ("calls", "model mix", "input tokens a call", "output tokens a call", "cache share", "price per token")


class Spend:
    """Calls, tokens [kinds] and dollars [kinds] by served model; sums, or their decayed means."""

    def __init__(self) -> None:
        self.models: dict[str, Floats] = {}
        """[1 + 2 kinds] calls, tokens, dollars."""

    def add(self, model: str, sums: Floats) -> None:
        """Add ``sums`` of ``model``."""
        known = model in self.models or len(self.models) < _MOST_MODELS
        name = model if known else _REST
        self.models[name] = self.models.get(name, np.zeros(1 + 2 * _KINDS)) + sums

    def fade(self, factor: float) -> None:
        """Let everything weigh ``factor`` of what it did."""
        self.models = {name: sums * factor for name, sums in self.models.items() if sums[0] * factor > 1e-3}

    def take(self, other: "Spend") -> None:
        """Add all of ``other``."""
        for model, sums in other.models.items():
            self.add(model, sums)

    @property
    def calls(self) -> float:
        return float(sum(sums[0] for sums in self.models.values()))

    @property
    def usd(self) -> float:
        return float(sum(sums[1 + _KINDS :].sum() for sums in self.models.values()))

    def state(self) -> dict[str, list[float]]:
        """As JSON knows it."""
        return {name: sums.tolist() for name, sums in self.models.items()}

    @classmethod
    def of(cls, state: dict[str, list[float]]) -> "Spend":
        """The inverse of :meth:`state`."""
        spend = cls()
        spend.models = {name: np.array(sums) for name, sums in state.items()}
        return spend


class Priced(NamedTuple):
    """The priced answers of a unit: ``rows`` where they are, ``usd`` and ``sums`` [n, 1 + 2 kinds] a call."""

    rows: Ints
    usd: Floats
    sums: Floats


def priced(calls: GroupCalls) -> Priced:
    """What each priced answer adds. Answers without a price are left out: they are not free."""
    rows = np.flatnonzero(calls.answered & ~np.isnan(calls.numbers("cost_usd")))
    sums = calls.unit.derived("spend", _sums)[calls.rows][rows]
    return Priced(rows, calls.numbers("cost_usd")[rows], sums)


def _sums(unit: UnitCalls) -> Floats:
    """[n, 1 + 2 kinds] what each call of the unit adds to its model."""
    read, written, asked, said = (
        np.nan_to_num(unit.numbers(name))
        for name in ("cache_read_tokens", "cache_write_tokens", "input_tokens", "output_tokens")
    )
    dollars = [unit.numbers(f"cost_{name}_usd") for name in COMPONENTS[:-1]]
    parted = ~np.isnan(dollars[0])
    tokens = [np.maximum(asked - read - written, 0), read, written, said]
    sums = np.zeros((len(parted), 1 + 2 * _KINDS))
    sums[:, 0] = 1
    for kind in range(_KINDS - 1):
        sums[:, 1 + kind] = np.where(parted, tokens[kind], 0)
        sums[:, 1 + _KINDS + kind] = np.where(parted, np.nan_to_num(dollars[kind]), 0)
    sums[:, _KINDS] = np.where(parted, 0, asked + said)
    sums[:, 2 * _KINDS] = np.where(parted, 0, np.nan_to_num(unit.numbers("cost_usd")))
    return sums


def by_model(calls: GroupCalls, found: Priced, mask: Bools) -> Spend:
    """The spend of those of ``found`` in ``mask``."""
    spend = Spend()
    names, codes = calls.words("model")
    served = codes[found.rows[mask]]
    sums = found.sums[mask]
    for code in np.unique(served).tolist():
        spend.add(names[code], sums[served == code].sum(axis=0))
    return spend


def drivers(before: Spend, calls_before: float, usd_before: float, after: Spend) -> dict[str, float]:
    """Dollars that each of :data:`DRIVERS` adds between ``before`` and ``after``; they sum to the whole difference.

    ``before`` is a profile: scaled to ``calls_before`` calls that cost ``usd_before`` together, where what calls cost
    more or less at that hour is taken as more or fewer tokens a call. Source: B. W. Ang, "The LMDI approach to
    decomposition analysis", Energy Policy 33 (2005).
    """
    scale = usd_before / max(_TINY, before.usd)
    tokens_scale = scale / max(_TINY, calls_before / max(_TINY, before.calls))
    parts = dict.fromkeys(DRIVERS, 0.0)
    old_calls, new_calls = max(_TINY, calls_before), max(_TINY, after.calls)
    for model in {**before.models, **after.models}:
        old = before.models.get(model, np.zeros(1 + 2 * _KINDS))
        new = after.models.get(model, np.zeros(1 + 2 * _KINDS))
        for kind, was, now in _factors(old, before.calls, new, after.calls, tokens_scale):
            weight = _log_mean(now.product * new_calls, was.product * old_calls)
            steps = (new_calls / old_calls, now.share / was.share, now.tokens / was.tokens)
            logs = np.log([*steps, now.part / was.part, now.price / was.price])
            names = _names(kind)
            for name, effect in zip(names, (weight * logs).tolist(), strict=True):
                parts[name] += effect
    return parts


class _Factors(NamedTuple):
    """Share of the calls, tokens a call, part of those tokens, dollars a token: their product is dollars a call."""

    share: float
    tokens: float
    part: float
    price: float

    @property
    def product(self) -> float:
        return self.share * self.tokens * self.part * self.price


def _factors(
    old: Floats, old_calls: float, new: Floats, new_calls: float, tokens_scale: float
) -> Iterator[tuple[int, _Factors, _Factors]]:
    for kind in range(_KINDS):
        if old[1 + _KINDS + kind] <= 0 and new[1 + _KINDS + kind] <= 0:
            continue
        was, now = _side(old, old_calls, kind, tokens_scale), _side(new, new_calls, kind, 1.0)
        yield kind, _filled(was, now), _filled(now, was)


def _side(sums: Floats, calls: float, kind: int, scale: float) -> _Factors:
    group = slice(1, 4) if kind < 3 else slice(1 + kind, 2 + kind)
    tokens, own = float(sums[group].sum()), float(sums[1 + kind])
    usd = float(sums[1 + _KINDS + kind])
    mine = float(sums[0])
    return _Factors(
        share=mine / calls if calls else 0.0,
        tokens=scale * tokens / mine if mine else 0.0,
        part=own / tokens if tokens else 0.0,
        price=usd / own if own else 0.0,
    )


def _filled(side: _Factors, other: _Factors) -> _Factors:
    """What a side cannot know is taken from the other; what it has none of is nearly none."""
    share = side.share or _TINY
    tokens = side.tokens or (other.tokens if not side.share else _TINY) or _TINY
    part = side.part or (other.part if not side.tokens else _TINY) or _TINY
    return _Factors(share, tokens, part, side.price or other.price or _TINY)


def _names(kind: int) -> tuple[str, ...]:
    tokens = "output tokens a call" if COMPONENTS[kind] == "output" else "input tokens a call"
    return ("calls", "model mix", tokens, "cache share", "price per token")


def _log_mean(one: float, other: float) -> float:
    if abs(one - other) <= 1e-12 * max(one, other):
        return one
    mean: float = (one - other) / float(np.log(one / other))
    return mean
