"""River's detectors, ready to decide in place of the e-detector, behind the same strata, offsets, log scale and states.

They see what a call's metric leaves unexplained (standardised residuals), never raw seconds. None of them knows
wall-clock time or a patience; how often each alarms while nothing changes was measured, see docs/detection-measured.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from river.drift import ADWIN, KSWIN, PageHinkley
from river.drift.binary import DDM, EDDM, FHDDM, HDDMA, HDDMW

from detectors.columns import Bools, Floats


class Decider(Protocol):
    """What is used of a river drift detector."""

    @property
    def drift_detected(self) -> bool: ...

    def update(self, x: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Preset:
    """A detector as it may be chosen by name."""

    name: str
    make: Callable[[], Decider]
    binary: bool
    """Takes good and bad calls only; values are then left to :data:`FOR_VALUES`."""
    meaning: str
    good_is_one: bool = False
    """River's FHDDM fires when the share of ones falls."""

    def sees(self, residuals: Floats, bad: Floats) -> Floats | Bools:
        """[n] what the detector is given of calls: residuals, or whether they were bad (or good)."""
        if not self.binary:
            return residuals
        seen: Bools = bad <= 0 if self.good_is_one else bad > 0
        return seen


FOR_VALUES = "adwin"
_SEED = 1

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("adwin", ADWIN, False, "adaptive windowing, river's default delta of 0.002"),
        Preset(
            "page_hinkley",
            lambda: PageHinkley(min_instances=100, delta=0.15, threshold=40.0, mode="up"),
            False,
            "Page-Hinkley on standardised residuals, delta 0.15, threshold 40",
        ),
        Preset(
            "kswin", lambda: KSWIN(alpha=1e-6, window_size=300, stat_size=100, seed=_SEED), False, "exploration only"
        ),
        Preset("ddm", DDM, True, "river's defaults"),
        Preset("eddm", EDDM, True, "river's defaults"),
        Preset("fhddm", FHDDM, True, "river's defaults", good_is_one=True),
        Preset("hddm_a", HDDMA, True, "river's defaults"),
        Preset("hddm_w", HDDMW, True, "river's defaults"),
    )
}
