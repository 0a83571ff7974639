"""river's detectors as the suite runs them: as they come, on logarithms, and tuned with what only an oracle knows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from river.base import BinaryDriftDetector, DriftDetector
from river.drift import ADWIN, KSWIN, PageHinkley
from river.drift.binary import DDM, EDDM, FHDDM, HDDMA, HDDMW

from benchmarks.detection.oracle import oracle
from benchmarks.detection.seeds import generator
from benchmarks.detection.streams import Stream
from benchmarks.detection.subjects import Prepare, Subject, Watcher
from detectors.columns import Floats
from detectors.metrics import Kind

_TUNED_FOR = {Kind.RATE: "x3", Kind.VALUE: "+20%"}
_KSWIN_SEED = 1


@dataclass(frozen=True, slots=True)
class River:
    """A river detector fed call by call; it starts anew after an alarm, as river's own do."""

    detector: DriftDetector | BinaryDriftDetector
    binary: bool
    logarithm: bool = False

    def alarms(self, calls: Floats) -> Iterator[int]:
        """Positions of the calls that raise an alarm."""
        fed = np.log(calls) if self.logarithm else calls.astype(bool) if self.binary else calls
        update, detector = self.detector.update, self.detector
        for position, value in enumerate(fed.tolist()):
            update(value)
            if detector.drift_detected:
                yield position


def _plain(make: Callable[[], DriftDetector | BinaryDriftDetector], *, logarithm: bool = False) -> Prepare:
    def prepare(stream: Stream, _arl: float, _seed: int) -> Callable[[], Watcher]:
        def watcher() -> River:
            detector = make()
            return River(detector, isinstance(detector, BinaryDriftDetector), logarithm)

        return watcher

    return prepare


def _tuned_page_hinkley(stream: Stream, arl: float, seed: int) -> Callable[[], Watcher]:
    """Page-Hinkley with drift and threshold of the oracle CUSUM for x3 or +20 %.

    It is the same test but for the mean, which it learns.
    The oracle adds ``slope * x + at_zero`` per call and alarms at h; Page-Hinkley adds ``x - mean - delta``.
    """
    change = stream.change(_TUNED_FOR[stream.kind])
    best = oracle(stream, change, arl, seed)
    logarithm = stream.kind is Kind.VALUE
    at_zero, at_one = best.log_ratio(np.exp([0.0, 1.0]) if logarithm else np.array([0.0, 1.0])).tolist()
    slope = at_one - at_zero
    sample = stream.draw(generator(seed, stream.name, "mean"), 1_000_000)
    delta = -at_zero / slope - float(np.mean(np.log(sample) if logarithm else sample))

    def watcher() -> River:
        detector = PageHinkley(delta=delta, threshold=best.threshold / slope, alpha=1.0, mode="up")
        return River(detector, binary=False, logarithm=logarithm)

    return watcher


def _kswin() -> KSWIN:
    return KSWIN(seed=_KSWIN_SEED)


ADWIN_ON_LOGARITHMS = "ADWIN on logarithms"
TUNED = "Page-Hinkley tuned"

RIVER: tuple[Subject, ...] = (
    Subject("ADWIN", Kind.RATE, _plain(ADWIN), 5_000_000, 60),
    Subject("Page-Hinkley", Kind.RATE, _plain(PageHinkley), 3_000_000, 60),
    Subject(TUNED, Kind.RATE, _tuned_page_hinkley, 3_000_000, 60),
    Subject("DDM", Kind.RATE, _plain(DDM), 2_000_000, 40),
    Subject("EDDM", Kind.RATE, _plain(EDDM), 2_000_000, 40),
    Subject("FHDDM", Kind.RATE, _plain(FHDDM), 2_000_000, 40),
    Subject("HDDM_A", Kind.RATE, _plain(HDDMA), 400_000, 10),
    Subject("HDDM_W", Kind.RATE, _plain(HDDMW), 400_000, 10),
    Subject("ADWIN on seconds", Kind.VALUE, _plain(ADWIN), 3_000_000, 60),
    Subject(ADWIN_ON_LOGARITHMS, Kind.VALUE, _plain(ADWIN, logarithm=True), 5_000_000, 200),
    Subject("Page-Hinkley on seconds", Kind.VALUE, _plain(PageHinkley), 1_000_000, 40),
    Subject("Page-Hinkley on logarithms", Kind.VALUE, _plain(PageHinkley, logarithm=True), 2_000_000, 60),
    Subject(TUNED, Kind.VALUE, _tuned_page_hinkley, 3_000_000, 60),
    Subject("KSWIN on logarithms", Kind.VALUE, _plain(_kswin, logarithm=True), 20_000, 0),
)
