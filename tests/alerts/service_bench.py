"""The alerts service on a real store with a clock that tests move, and transitions written as detectors write them."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from alerts.channels import ChannelParts
from alerts.delivery_log import DeliveryLog
from alerts.keeping import Keeper
from alerts.rules_source import RulesInForce, RulesSource
from alerts.service import AlertParts, AlertsService
from alerts.target_guard import TargetGuard
from alerts.workers import Workers, worker_maker
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.facts import ModelFacts
from watchkeeper.clock import ManualClock
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import TransitionRow, insert_transitions
from watchkeeper.telemetry import Metrics

KEY = "s" * 40
START = datetime(2026, 6, 1, 12, tzinfo=UTC)


class SharedClock(ManualClock):
    """May be read by workers while the test moves it."""

    def advance(self, **passed: float) -> datetime:
        """Let time pass; the time afterwards."""
        self.sleep(timedelta(**passed).total_seconds())
        return self.now()


@dataclass(slots=True)
class Bench:
    """One store and one rules file; services are made, killed and made again on them."""

    store: Store
    rules_file: Path
    clock: SharedClock = field(default_factory=lambda: SharedClock(START))
    models: tuple[ModelFacts, ...] = ()
    """What the catalogue knows."""
    scale: float = 1_000.0
    """By how much workers wait less than they say."""
    running: list[AlertsService] = field(default_factory=list)
    workers: list[Workers] = field(default_factory=list)

    def write_rules(self, channels: dict[str, Any], *rules: dict[str, Any], **others: Any) -> None:
        """The rules file; without rules everything goes to the first channel."""
        made = [
            {"name": f"rule {n}", "channels": [next(iter(channels))], **one} for n, one in enumerate(rules or ({},))
        ]
        self.rules_file.write_text(yaml.safe_dump({"channels": channels, "rules": made, **others}))

    def service(self, me: str = "one", *, alone: bool = True, rules: RulesInForce | None = None) -> AlertsService:
        """A process that begins."""
        log = DeliveryLog(self.store, Metrics())
        parts = ChannelParts(TargetGuard.allowing(("127.0.0.1",)), self.clock.now)
        workers = Workers(worker_maker(parts, log, self._pause))
        service = AlertsService(
            AlertParts(
                store=self.store,
                rules=rules or RulesSource(self.rules_file, dict),
                keeper=Keeper(self.store, me, alone=alone),
                workers=workers,
                log=log,
                metrics=Metrics(),
                clock=self.clock,
                catalogue=lambda: Catalog(self.models),
            )
        )
        self.running.append(service)
        self.workers.append(workers)
        return service

    def kill(self) -> None:
        """Processes end without another word: what waits in memory is gone."""
        for workers in self.workers:
            workers.stop(5.0)
        self.running.clear()
        self.workers.clear()

    def found(self, name: str, **fields: Any) -> TransitionRow:
        """A regression that a detector reports now."""
        row = transition(name, self.clock.now(), **fields)
        insert_transitions(self.store, [row])
        return row

    def _pause(self, stop: threading.Event, seconds: float) -> None:
        stop.wait(seconds / self.scale)


def transition(name: str, at: datetime, **fields: Any) -> TransitionRow:
    """A regression of the error rate of ``openai/gpt-x`` on ``shop/buy``."""
    made: dict[str, Any] = {
        "id": name, "seq": 1, "kind": "regression", "severity": "page", "state": "open", "at": at, "reason": "an alarm",
        "series_id": "s", "service": "shop", "route": "buy", "provider": "openai", "request_model": "gpt-x",
        "model": "gpt-x", "metric": "error", "direction": "up", "onset": at - timedelta(minutes=5), "detected_at": at,
        "closed_at": None, "transient": False, "confidence": 0.99, "record": "{}", "stored_at": at,
    }  # fmt: skip
    return TransitionRow(**{**made, **fields})
