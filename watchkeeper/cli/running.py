"""A service's loop on a thread of its own, and the wait for the signal that ends it."""

import signal
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Protocol

from watchkeeper.errors import WatchkeeperError
from watchkeeper.telemetry import logger

_log = logger("run")


class Line(Protocol):
    """What polls until it is stopped: the collector's pipeline, the detectors' service."""

    def run(self, after_round: Callable[[], None]) -> None:
        """Poll until stopped; ``after_round`` is called after each poll and what came of it."""
        ...

    def stop(self) -> None:
        """End :meth:`run` after what is in work. Called from another thread."""
        ...


class PipelineThread:
    """Runs a line; remembers the error that ended it."""

    def __init__(self, pipeline: Line, after_round: Callable[[], None], on_end: Callable[[], None]) -> None:
        self._pipeline = pipeline
        self._after_round = after_round
        self._on_end = on_end
        self._thread = threading.Thread(target=self._run, name="pipeline", daemon=True)
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """End after the batch in work; false when it did not within ``timeout_s``."""
        self._pipeline.stop()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def checks(self) -> Mapping[str, str]:
        """What is not ready."""
        return {} if self._thread.is_alive() else {"pipeline": f"stopped: {self.error or 'asked to'}"}

    def _run(self) -> None:
        try:
            self._pipeline.run(self._after_round)
        except WatchkeeperError as error:
            self.error = error
            _log.error("the pipeline stopped", error=str(error))
        except BaseException as error:
            # The outermost frame: whatever it was, the process must end and say so, not sit idle.
            self.error = error
            raise
        finally:
            self._on_end()


class Ending:
    """Set by SIGINT, SIGTERM or a part that ended."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def listen(self) -> None:
        """Take over the signals (main thread only)."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def ask(self) -> None:
        """End soon."""
        self._asked.set()

    def wait(self) -> None:
        """Until it is time to end."""
        while not self._asked.wait(1.0):
            pass

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked.set()
