"""One river detector at work on one metric: deciding in place of the e-detector, or beside it as a cross-check."""

import base64
import io
import pickle
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from detectors.columns import Floats
from detectors.metrics import Kind, Metric
from detectors.river_presets import E_DETECTOR, FOR_VALUES, PRESETS, Decider, Preset

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
        for at, x in zip(ts.tolist(), (bad > 0 if self.preset.binary else residuals).tolist(), strict=True):
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
        if preset.binary and metric.kind is Kind.VALUE:
            preset = PRESETS[FOR_VALUES]
    return MetricDecider(preset, preset.make(), decides)


class _RiverOnly(pickle.Unpickler):
    """A snapshot comes from our own table, yet nothing in it may name code of another kind."""

    _NAMED = frozenset({("collections", "deque"), ("random", "Random"), ("builtins", "set"), ("builtins", "list")})

    def find_class(self, module: str, name: str) -> Any:
        if not module.startswith("river.") and (module, name) not in self._NAMED:
            raise pickle.UnpicklingError(f"a detector's state names {module}.{name}")
        return super().find_class(module, name)
