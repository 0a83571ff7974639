"""Every preset of a river detector alarms on an obvious change, soon after it, and not on what came before."""

import numpy as np
import pytest
from river.base import BinaryDriftDetector, DriftDetector

from detectors.detector_names import DETECTORS, E_DETECTOR
from detectors.river_presets import FOR_VALUES, PRESETS, Preset

QUIET, SOON = 2_000, 400


def alarms(preset: Preset, after: bool) -> list[int]:
    """Positions of alarms: bad calls go from every 20th to two in three, residuals rise by 2, after 2,000 calls."""
    position = np.arange(QUIET + SOON)
    changed = after & (position >= QUIET)
    residuals = np.random.default_rng(3).normal(size=len(position)) + 2.0 * changed
    bad = np.where(changed, position % 3 > 0, position % 20 == 19)
    detector, found = preset.make(), []
    for at, value in enumerate(preset.sees(residuals, bad.astype(np.float64)).tolist()):
        detector.update(value)
        if detector.drift_detected:
            found.append(at)
    return found


@pytest.mark.parametrize("name", list(PRESETS))
def test_it_alarms_on_an_obvious_change_only(name: str) -> None:
    found = alarms(PRESETS[name], True)
    assert found and QUIET <= found[0] < QUIET + SOON
    assert not alarms(PRESETS[name], False)


def test_presets_are_told_apart_by_name_and_by_what_they_take() -> None:
    assert (E_DETECTOR, *PRESETS) == DETECTORS and len(set(DETECTORS)) == len(DETECTORS)
    for name, preset in PRESETS.items():
        made = preset.make()
        assert preset.name == name and preset.meaning
        assert isinstance(made, DriftDetector | BinaryDriftDetector)
        assert isinstance(made, BinaryDriftDetector) is preset.binary
        assert preset.make() is not made
    assert not PRESETS[FOR_VALUES].binary
