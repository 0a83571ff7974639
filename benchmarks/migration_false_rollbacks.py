"""How often is a candidate that is no worse rolled back, and how soon one that is? Simulated migrations.

``python -m benchmarks.migration_false_rollbacks [--migrations 300]``

Both models behave alike: error rates of 0.2 to 10 %, latencies with tails of any weight, load by time of day, hours
that are unlike each other, routes of one call a minute up to one a second. A migration goes through all phases in the
least time their gates allow, eleven days; the triggers look every minute at the last five minutes and every half an
hour at the phase so far, the comparison every hour. Then the candidate's errors rise in the 25 % phase, and the time
until the triggers fire is measured on the simulated clock, with a look every two seconds.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import pyarrow as pa

from api.comparing.compare import MARGINS, Margin, compare
from api.comparing.verdict import Verdict as Compared
from api.migrating.phases import ALONE, GATES, ORDER, Gate, Phase
from api.migrating.triggers import Action, Limits, Seen, fired
from api.migrating.watching import LEVEL
from api.migrating.worse_hours import worse_hours
from benchmarks.migration_world import DAY_S, Calls, Load, Route, drawn, may_fire, windows
from benchmarks.verdict import Verdict, conclude
from watchkeeper.storage.comparison_cells import BLOCK_S
from watchkeeper.storage.route_arms import RouteArm

_MOST_FALSE = 0.03
_LOOK_S, _SO_FAR_S, _COMPARE_S = 60.0, 1_800.0, 3_600.0
_PAST_H = 7 * 24
_LIMITS = Limits()
_RATES = (1 / 60, 0.05, 0.2, 1.0)


@dataclass(frozen=True, slots=True)
class Both:
    """Calls of both models in one phase, from ``begin`` to ``end`` (seconds)."""

    phase: Phase
    begin: float
    end: float
    baseline: Calls
    candidate: Calls


def phases(route: Route, rng: np.random.Generator) -> Iterator[Both]:
    """A migration of equal models, phase by phase; the evaluation is left out."""
    gates = [(phase, GATES[phase]) for phase in ORDER if GATES[phase].candidate_percent or GATES[phase].shadow_percent]
    gates = [(phase, gate) for phase, gate in gates if gate.hours]
    load = Load.drawn(rng, _PAST_H + sum(int(gate.hours) for _, gate in gates))
    past = drawn(route, 1.0, load, (0, _PAST_H), rng)
    hour = _PAST_H
    for phase, gate in gates:
        span = hour, hour + int(gate.hours)
        share = (gate.candidate_percent or gate.shadow_percent) / 100
        baseline = past if phase in ALONE else drawn(route, 1 - gate.candidate_percent / 100, load, span, rng)
        yield Both(phase, span[0] * 3600.0, span[1] * 3600.0, baseline, drawn(route, share, load, span, rng))
        hour = span[1]


def rolled_back(both: Both, rng: np.random.Generator) -> str | None:
    """Why the migration goes back in this phase; None: it does not."""
    ends = np.arange(both.begin + _LOOK_S, both.end, _LOOK_S)
    for end in may_fire(both.baseline, both.candidate, ends, alone=both.phase in ALONE):
        if name := _fires(_minutes(both, float(end), rng)):
            return f"{name} in five minutes"
    for end in np.arange(both.begin + _SO_FAR_S, both.end, _SO_FAR_S):
        if name := _fires(_so_far(both, float(end), rng)):
            return f"{name} in the phase so far"
    return "comparison" if GATES[both.phase].verdict and _worse(both) else None


def _fires(seen: Seen) -> str | None:
    return next((one.name for one in fired(seen, _LIMITS) if one.action is Action.ROLL_BACK), None)


def _minutes(both: Both, end: float, rng: np.random.Generator) -> Seen:
    (first,), (last,) = windows(both.candidate, np.array([end]))
    candidate = both.candidate.arm(int(first), int(last), rng)
    if both.phase in ALONE:
        return Seen("", _past(both.baseline, rng), candidate)
    (first,), (last,) = windows(both.baseline, np.array([end]))
    return Seen("", both.baseline.arm(int(first), int(last), rng), candidate)


def _so_far(both: Both, end: float, rng: np.random.Generator) -> Seen:
    last = int(np.searchsorted(both.candidate.at, end))
    candidate = both.candidate.arm(0, last, rng)
    if both.phase in ALONE:
        return Seen("", _past(both.baseline, rng), candidate)
    return Seen("", both.baseline.arm(0, int(np.searchsorted(both.baseline.at, end)), rng), candidate)


_KEPT: dict[tuple[int, float], RouteArm] = {}


def _past(past: Calls, rng: np.random.Generator) -> RouteArm:
    """The baseline in the worse hours of its last days."""
    key = len(past.at), float(past.at[-1])
    if key not in _KEPT:
        _KEPT.clear()
        places = np.searchsorted(past.at, np.arange(_PAST_H + 1) * 3600.0)
        hours = [past.arm(int(first), int(last), rng) for first, last in pairwise(places)]
        _KEPT[key] = worse_hours(hours, past.arm(0, len(past.at), rng))
    return _KEPT[key]


def _worse(both: Both) -> bool:
    gate = GATES[both.phase]
    every = DAY_S if both.phase in ALONE else _COMPARE_S
    past = _cells(both.baseline, np.inf) if both.phase in ALONE else None
    for end in np.arange(both.begin + every, both.end + 1, every):
        baseline = past if past is not None else _cells(both.baseline, float(end))
        found = compare(baseline, _cells(both.candidate, float(end)), margins=_margins(gate), level=LEVEL)
        if found.verdict is Compared.WORSE:
            return True
    return False


def _margins(gate: Gate) -> dict[str, Margin]:
    return {name: Margin(one.relative * gate.margin, one.absolute * gate.margin) for name, one in MARGINS.items()}


def _cells(calls: Calls, until: float) -> pa.Table:
    """As the store sums them: one kind of call, in blocks of time."""
    last = int(np.searchsorted(calls.at, until))
    blocks, place = np.unique((calls.at[:last] // BLOCK_S).astype(np.int64), return_inverse=True)

    def sums(values: np.ndarray) -> np.ndarray:
        return np.bincount(place, values[:last].astype(np.float64), len(blocks))

    one, ok, cost = np.ones(len(calls.at)), ~calls.failed, calls.cost
    y, broken = np.where(ok, np.log(calls.latency), 0.0), calls.broken & ok
    useful, nothing = ok & ~broken, np.zeros(len(calls.at))
    columns = {
        **{f"n_{name}": sums(one if name == "error" else ok) for name in ("error", "refusal", "truncation")},
        **{
            f"bad_{name}": sums(calls.failed if name == "error" else nothing)
            for name in ("error", "refusal", "truncation")
        },
        "n_format_failure": sums(ok),
        "bad_format_failure": sums(broken),
        "known_format_failure": sums(ok),
        "n_latency": sums(ok),
        "y_latency": sums(y),
        "yy_latency": sums(y * y),
        **{f"{short}_latency": sums(nothing) for short in ("x", "xx", "xy")},
        **{"n_cost": sums(one), "cost": sums(cost), "cost_squared": sums(cost * cost)},
        **{"useful": sums(useful), "cost_of_useful": sums(cost * useful)},
    }
    words = {"route": ["r"] * len(blocks), "bucket": [0] * len(blocks), "output_type": [""] * len(blocks)}
    return pa.table({**words, "block": blocks, **columns})


def delay(route: Route, rate: float, rng: np.random.Generator) -> float:
    """Seconds from the first call with the new error rate to the look that rolls back; an hour: not within that."""
    load = Load.drawn(rng, 2)
    old = drawn(route, 0.75, load, (0, 2), rng)
    new = drawn(route, 0.25, load, (0, 2), rng)
    new = Calls(new.at, np.where(new.at > 3_600, rng.random(len(new.at)) < rate, new.failed), *_rest(new))
    both = Both(Phase.CANARY_25, 0.0, 7_200.0, old, new)
    for end in np.arange(3_602.0, 7_200.0, 2.0):
        if _fires(_minutes(both, float(end), rng)) or not end % 60 and _fires(_so_far(both, float(end), rng)):
            return float(end) - 3_600
    return 3_600.0


def _rest(calls: Calls) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return calls.broken, calls.latency, calls.cost


def _route(rng: np.random.Generator) -> Route:
    return Route(
        float(rng.choice(_RATES)), float(np.exp(rng.uniform(np.log(0.002), np.log(0.1)))), rng.uniform(0.3, 1.2)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--migrations", type=int, default=300)
    options = parser.parse_args()
    rng = np.random.default_rng(11)
    found: Counter[str] = Counter()
    for _ in range(options.migrations):
        route = _route(rng)
        for both in phases(route, rng):
            if why := rolled_back(both, rng):
                found[f"{both.phase}: {why}"] += 1
                print(f"{both.phase}: {why} ({route})", flush=True)
                break
    for per_s, rate in product((0.2, 1.0, 5.0), (0.1, 0.3, 1.0)):
        times = [delay(Route(per_s, 0.01, 0.6), rate, rng) for _ in range(20)]
        late = sum(time >= 3_600 for time in times)
        told = f"median {np.median(times):.0f} s, {late} of 20 not within an hour"
        print(f"{per_s:g} calls a second, errors from 1 % to {rate:.0%}: {told}")
    false = sum(found.values())
    conclude(
        Verdict(
            "migrations: false rollbacks",
            f"of equal models at most {_MOST_FALSE:.0%} in all phases together",
            f"{false} of {options.migrations} ({false / options.migrations:.1%})",
            holds=false <= _MOST_FALSE * options.migrations,
        )
    )


if __name__ == "__main__":
    main()
