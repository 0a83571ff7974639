"""Are causes of cost found? Random fleets, one known cause each: ``python -m benchmarks.cost_drivers [--fleets 200]``.

Each cause is planted in every fleet with a random strength, up or down, on all of it or on some slices only. Measured
is the smallest share of what moved that is attributed to the planted cause, over all fleets, and whether the drivers
add up to the difference exactly.
"""

import argparse
from decimal import Decimal

import numpy as np

from api.cost_drivers.decomposition import explain
from benchmarks.cost_fleets import CAUSES, Planted, attributed, cells_of, random_fleet
from benchmarks.verdict import Verdict, conclude

_WANTED = 0.95
_DAYS = (7.0, 7.0)


def measure(planted: Planted, rng: np.random.Generator) -> tuple[float, bool]:
    """The share attributed to a cause in one random fleet, and whether everything adds up."""
    fleet = random_fleet(rng, int(rng.integers(3, 120)))
    factor = float(rng.uniform(1.05, 2.5)) ** float(rng.choice([-1, 1]))
    before, after = cells_of(fleet), cells_of(planted.plant(fleet, factor, rng))
    found = explain(before, after, _DAYS)
    difference = sum((cell.cost_usd for cell in after), Decimal(0)) - sum(
        (cell.cost_usd for cell in before), Decimal(0)
    )
    exact = sum(found.parts.values(), Decimal(0)) == difference
    exact &= all(sum(one.parts.values(), Decimal(0)) == one.difference for one in found.slices)
    return attributed(found, planted.drivers), exact


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fleets", type=int, default=200, help="random fleets for each cause")
    options = parser.parse_args()
    rng, least, exact = np.random.default_rng(1), 1.0, True
    for name, planted in CAUSES.items():
        shares, sums = zip(*(measure(planted, rng) for _ in range(options.fleets)), strict=True)
        least, exact = min(least, *shares), exact and all(sums)
        print(f"{name:<20} median {np.median(shares):.4f}, smallest {min(shares):.4f}, adds up: {all(sums)}")
    conclude(
        Verdict(
            "cost drivers",
            f"parts add up exactly; at least {_WANTED:.0%} of a planted cause is attributed to it",
            f"adds up: {'always' if exact else 'NOT always'}; smallest share {least:.2%} "
            f"({len(CAUSES)} causes in {options.fleets} fleets each)",
            holds=exact and least >= _WANTED,
        )
    )


if __name__ == "__main__":
    main()
