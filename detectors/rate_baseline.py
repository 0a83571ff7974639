"""Baselines of rates: mergeable counts of learned calls, frozen into the shares that blocks are judged by."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from detectors.columns import Floats, Ints
from detectors.dispersion import Dispersion
from detectors.rate_evidence import Guard, RateBaseline, rate_baseline


@dataclass(slots=True)
class RateSums:
    """Learned calls of one rate, counted over strata, and how their blocks differed. Grows with the strata."""

    calls: Floats = field(default_factory=lambda: np.zeros(1))
    """[S]"""
    bad: Floats = field(default_factory=lambda: np.zeros(1))
    """[S]"""
    dispersion: Dispersion = field(default_factory=Dispersion)

    _total: float | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def total(self) -> float:
        """Calls in all."""
        if self._total is None:
            self._total = float(self.calls.sum())
        return self._total

    def add(self, bad: Floats, counted: Floats, stratum: Ints, strata: int) -> None:
        """Calls [n] that are 1 where ``counted`` and where ``bad``."""
        self.grow(strata)
        self._total = None
        self.calls += np.bincount(stratum, counted, strata)
        self.bad += np.bincount(stratum, bad, strata)

    def grow(self, strata: int) -> None:
        """Room for ``strata``."""
        missing = strata - len(self.calls)
        if missing > 0:
            self._total = None
            self.calls, self.bad = (np.append(array, np.zeros(missing)) for array in (self.calls, self.bad))

    def merge(self, other: "RateSums", keep: float = 1.0) -> None:
        """Take in ``other``, of what was known so far only the share ``keep``."""
        self.grow(len(other.calls))
        other.grow(len(self.calls))
        self._total = None
        self.calls = self.calls * keep + other.calls
        self.bad = self.bad * keep + other.bad
        self.dispersion.decay(keep)
        self.dispersion.merge(other.dispersion)

    def rebase(self, before: float) -> None:
        """Blocks were judged by the share ``before``: say how they differ from the share known now."""
        spread = before * (1 - before)
        self.dispersion.rebase((self.share - before) / spread, self.share * (1 - self.share) / spread)

    @property
    def share(self) -> float:
        """Bad calls among all, half a bad one added, so that it is never nothing."""
        return (float(self.bad.sum()) + 0.5) / (self.total + 1.0)

    def freeze(self, guard: Guard) -> RateBaseline:
        """What blocks are judged by from now on."""
        between = self.dispersion.between * self.share * (1 - self.share)
        return rate_baseline(self.calls, self.bad, self.dispersion.phi, between, guard)

    def state(self) -> dict[str, Any]:
        """For a snapshot."""
        return {"calls": self.calls, "bad": self.bad, "dispersion": self.dispersion.state()}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """From :meth:`state`."""
        calls, bad = (np.array(state[name], np.float64) for name in ("calls", "bad"))
        return cls(calls, bad, Dispersion.restore(state["dispersion"]))
