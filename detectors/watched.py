"""The detectors of findings, in the order in which their transitions are told."""

from collections.abc import Callable

from detectors.cost_spike import CostSpike
from detectors.finding import FindingDetector
from detectors.fingerprints import Fingerprints
from detectors.mix_shift import MixShift
from detectors.outage import Outage
from detectors.series import SeriesKey
from detectors.served_models import ServedModels
from detectors.traffic import TrafficStop
from detectors.usage_missing import UsageMissing

FINDINGS: tuple[Callable[[SeriesKey], FindingDetector], ...] = (
    ServedModels,
    Fingerprints,
    Outage,
    TrafficStop,
    UsageMissing,
    MixShift,
    CostSpike,
)
