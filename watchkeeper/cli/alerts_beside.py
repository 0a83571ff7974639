"""The alerts beside a process whose first duty is another: on a thread that can fail without harm."""

import threading
from collections.abc import Mapping

from alerts.deprecation_watch import Catalogue
from alerts.service import AlertsService
from watchkeeper.cli.alerting import alerts_service
from watchkeeper.cli.beside import Beside
from watchkeeper.clock import Clock
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics, logger

_log = logger("alerts")


class AlertsBeside(Beside):
    """Runs the alerts service."""

    def __init__(self, service: AlertsService) -> None:
        self._service = service
        self._thread = threading.Thread(target=service.run, name="alerts", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._service.stop()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.warning("the alerts did not end in time; what was not confirmed is sent again, with the same key")

    def checks(self) -> Mapping[str, str]:
        # A channel that is away, or a rules file that somebody is writing, is no reason to take no calls.
        problem = self._service.problem()
        return {"alerts": problem} if problem else {}


def alerts_beside(settings: Settings, store: Store, metrics: Metrics, clock: Clock, catalogue: Catalogue) -> Beside:
    """The alerts of ``up``. Raises :class:`~watchkeeper.errors.ConfigError` for a rules file that is wrong."""
    return AlertsBeside(alerts_service(settings, store, metrics, clock, catalogue))
