"""One river detector at work on one metric: deciding in place of the e-detector, or beside it as a cross-check."""

import base64
import io
import pickle
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from river.drift import PageHinkley

from detectors.columns import Floats
from detectors.detector_names import E_DETECTOR
from detectors.metrics import Kind, Metric
from detectors.river_presets import FOR_VALUES, PRESETS, Decider, Preset

CROSS_CHECK = "adwin"
_CROSS_CHECKED = "latency"


@dataclass(slots=True)
class MetricDecider:
    """A river detector fed with one metric's calls. ``last`` is when it last fired, Unix seconds; 0: never."""

    preset: Preset
    detector: Decider
    decides: bool
    last: float = 0.0

    def feed(self, ts: Floats, residuals: Floats, bad: Floats) -> Floats:
        """Take calls [n] in order; the times at which it fired. Binary detectors take ``bad``, others ``residuals``."""
        detector, fired = self.detector, []
        for at, x in zip(ts.tolist(), self.preset.sees(residuals, bad).tolist(), strict=True):
            detector.update(x)
            if detector.drift_detected:
                fired.append(at)
        if fired:
            self.last = fired[-1]
        return np.array(fired)

    def state(self) -> dict[str, Any]:
        """For a snapshot."""
        pickled = base64.b64encode(pickle.dumps(self.detector)).decode()
        return {"preset": self.preset.name, "decides": self.decides, "last": self.last, "detector": pickled}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """From :meth:`state`. Raises :class:`pickle.UnpicklingError` for anything but a river detector."""
        detector = _RiverOnly(io.BytesIO(base64.b64decode(state["detector"]))).load()
        return cls(PRESETS[state["preset"]], detector, bool(state["decides"]), float(state["last"]))


def decider_for(choice: str, metric: Metric) -> MetricDecider | None:
    """The river detector that the setting ``choice`` puts on ``metric``: a cross-check where the e-detector decides."""
    if choice == E_DETECTOR:
        if metric.name != _CROSS_CHECKED:
            return None
        preset, decides = PRESETS[CROSS_CHECK], False
    else:
        preset, decides = PRESETS[choice], True
        if preset.binary and metric.kind is not Kind.RATE:
            preset = PRESETS[FOR_VALUES]
    return MetricDecider(preset, preset.make(), decides)


def _own_method(detector: Any, name: str = "") -> Any:
    """A detector's bound method, which Page-Hinkley keeps among its fields. Raises as :class:`_RiverOnly` does."""
    if not isinstance(detector, PageHinkley) or name not in _METHODS:
        raise pickle.UnpicklingError(f"a detector's state names builtins.getattr for {name!r}")
    return getattr(detector, name)


_METHODS = frozenset(name for name in dir(PageHinkley) if name.startswith("_test"))
_NAMED = {
    ("river.drift.adwin", "ADWIN"),
    ("river._river_rust.drift", "AdaptiveWindowing"),
    ("river.drift.page_hinkley", "PageHinkley"),
    ("river.drift.kswin", "KSWIN"),
    ("river.drift.binary.ddm", "DDM"),
    ("river.drift.binary.eddm", "EDDM"),
    ("river.drift.binary.fhddm", "FHDDM"),
    ("river.drift.binary.hddm_a", "HDDMA"),
    ("river.drift.binary.hddm_w", "HDDMW"),
    ("river.drift.binary.hddm_w", "SampleInfo"),
    ("river.stats.mean", "Mean"),
    ("river.stats.var", "Var"),
    ("river.stats.ewmean", "EWMean"),
    ("river._river_rust.stats", "RsEWMean"),
    ("collections", "deque"),
    ("random", "Random"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.multiarray", "scalar"),
}
"""All that the states of the presets name."""


class _RiverOnly(pickle.Unpickler):
    """A snapshot comes from our own table, yet nothing in it may name code of another kind."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return _own_method
        if (module, name) not in _NAMED:
            raise pickle.UnpicklingError(f"a detector's state names {module}.{name}")
        return super().find_class(module, name)
