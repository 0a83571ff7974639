"""The detectors beside a process whose first duty is another: on a thread that can fail without harm."""

import threading
from collections.abc import Mapping

from detectors.embedded import EmbeddedDetectors
from watchkeeper.telemetry import logger

_log = logger("detectors")


class Beside:
    """Nothing beside: what ``up`` has with the detectors switched off."""

    def start(self) -> None:
        """Begin to work."""

    def stop(self, timeout_s: float) -> None:
        """End, within ``timeout_s``."""

    def checks(self) -> Mapping[str, str]:
        """What does not work now, in words."""
        return {}


class DetectorsBeside(Beside):
    """Runs embedded detectors."""

    def __init__(self, detectors: EmbeddedDetectors) -> None:
        self._detectors = detectors
        self._thread = threading.Thread(target=detectors.run, name="detectors", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._detectors.stop()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.warning("the detectors did not end in time; what they learnt since their last save is learnt again")

    def checks(self) -> Mapping[str, str]:
        problem = self._detectors.problem()
        return {"detectors": problem} if problem else {}
