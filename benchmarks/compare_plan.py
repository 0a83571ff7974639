"""What the simulation of comparisons measures: which laws, how many pairs, how often they are looked at."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.compare_pairs import Pair
from benchmarks.compare_traffic import MIXED_SHARES, Law

LOOKS = tuple(range(100, 3_001, 100))
FAR_LOOKS = tuple(sorted({round(10 ** (2 + step / 10)) for step in range(26)} | {1_000, 3_000, 10_000, 30_000}))
"""For power: further apart the later, as nobody waits for every hundredth of thirty thousand calls."""
_NULL, _MARGINS, _POWER = 0, 1_000_000, 2_000_000
SAME = Law()

CLAIMED: Mapping[str, tuple[Law, Law]] = {
    "same model, same traffic": (SAME, SAME),
    "same model, other routes and longer prompts": (SAME, Law(shares=MIXED_SHARES, longer=0.4)),
}
"""Nothing differs but the traffic: at most one pair in twenty may ever be called better or worse."""

HARDER: Mapping[str, tuple[Law, Law]] = {
    "calls independent of each other": (Law(wander=0.0, bursts=0.0),) * 2,
    "load of 20 % that lasts 20 minutes": (Law(wander=0.2),) * 2,
    "load of 10 % that lasts an hour": (Law(wander_s=3_600.0),) * 2,
    "load of 10 % that lasts three hours": (Law(wander_s=10_800.0),) * 2,
}
"""Shown without a limit."""

AT_MARGIN: Mapping[str, tuple[str, Law]] = {
    "10 % slower": ("latency", Law(slower=0.0953102)),
    "5 % dearer": ("cost_per_useful_call", Law(dearer=0.0487902)),
}
"""Exactly as much worse as the margin: one pair in twenty may ever be called not worse."""

EFFECTS: Mapping[str, tuple[str, Law]] = {
    "nothing": ("latency", SAME),
    "15 % slower": ("latency", Law(slower=0.1397619)),
    "20 % slower": ("latency", Law(slower=0.1823216)),
    "30 % slower": ("latency", Law(slower=0.2623643)),
    "50 % slower": ("latency", Law(slower=0.4054651)),
    "20 % faster": ("latency", Law(slower=-0.2231436)),
    "nothing, of cost": ("cost_per_useful_call", SAME),
    "10 % dearer": ("cost_per_useful_call", Law(dearer=0.0953102)),
    "30 % cheaper": ("cost_per_useful_call", Law(dearer=-0.3566749)),
    "twice the errors": ("error", Law(rates=(2.0, 1.0, 1.0, 1.0))),
    "four times the errors": ("error", Law(rates=(4.0, 1.0, 1.0, 1.0))),
    "twice the refusals": ("refusal", Law(rates=(1.0, 2.0, 1.0, 1.0))),
    "four times the refusals": ("refusal", Law(rates=(1.0, 4.0, 1.0, 1.0))),
    "three times the broken formats": ("format_failure", Law(rates=(1.0, 1.0, 1.0, 3.0))),
}
"""Name → the metric that shows it, and the candidate's law."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of one run."""

    pairs: int = 2_000
    harder: int = 200
    power: int = 60
    seed: int = 1

    def claimed(self, name: str) -> list[Pair]:
        """Pairs without a difference."""
        return self._pairs(CLAIMED[name], LOOKS, self.pairs, (_NULL, list(CLAIMED).index(name)))

    def harder_pairs(self, name: str) -> list[Pair]:
        """Pairs without a difference whose calls depend on each other otherwise."""
        return self._pairs(HARDER[name], LOOKS, self.harder, (_NULL, len(CLAIMED) + list(HARDER).index(name)))

    def margin_pairs(self, name: str) -> list[Pair]:
        """Pairs that differ by the margin."""
        return self._pairs((SAME, AT_MARGIN[name][1]), FAR_LOOKS, self.power, (_MARGINS, list(AT_MARGIN).index(name)))

    def power_pairs(self, name: str) -> list[Pair]:
        """Pairs that differ."""
        return self._pairs((SAME, EFFECTS[name][1]), FAR_LOOKS, self.power, (_POWER, list(EFFECTS).index(name)))

    def _pairs(self, laws: tuple[Law, Law], looks: tuple[int, ...], pairs: int, place: tuple[int, int]) -> list[Pair]:
        return [Pair(*laws, looks, (self.seed, *place, number)) for number in range(pairs)]
