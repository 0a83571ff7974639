"""Settings to detectors: what ``up`` and ``detectors run`` build the same way."""

from dataclasses import dataclass

from detectors import engine
from detectors.action_feed import ActionFeed
from detectors.config import DetectorConfig
from detectors.embedded import OWNER, EmbeddedDetectors, EmbeddedParts
from detectors.engine import Engine
from detectors.engines import DetectorEngine
from detectors.history import CallHistory
from detectors.reporting import Reporter
from detectors.rules_file import load_rules
from detectors.saving import StateKeeper
from detectors.score_inbox import ScoreInbox
from watchkeeper.clock import Clock
from watchkeeper.settings import Settings
from watchkeeper.storage.call_feed import CallFeed, StoredCalls
from watchkeeper.storage.client import Store
from watchkeeper.storage.score_feed import ScoreFeed
from watchkeeper.telemetry import Metrics


def detector_config(settings: Settings) -> DetectorConfig:
    """How the detectors work. Raises :class:`~watchkeeper.errors.ConfigError` for a rules file that is wrong."""
    return DetectorConfig(
        detector=settings.detector,
        false_page_days=settings.detector_false_page_days,
        fleet_series=settings.detector_fleet_series,
        max_series=settings.detector_max_series,
        rules=load_rules(settings.detector_rules_file) if settings.detector_rules_file else (),
    )


@dataclass(frozen=True, slots=True)
class StoreEngines:
    """Engines whose history is the store."""

    config: DetectorConfig
    history: CallHistory

    @property
    def version(self) -> str:
        """State of one detector is of no use to another."""
        return f"{engine.VERSION}-{self.config.detector}"

    def begin(self) -> DetectorEngine:
        return Engine(self.config, self.history)

    def restore(self, snapshot: bytes) -> DetectorEngine:
        return Engine.restore(self.config, self.history, snapshot)


def engines(settings: Settings, store: Store) -> StoreEngines:
    """Engines as the settings want them. Raises as :func:`detector_config` does."""
    return StoreEngines(detector_config(settings), StoredCalls(store))


def embedded_detectors(settings: Settings, store: Store, metrics: Metrics, clock: Clock) -> EmbeddedDetectors:
    """The detectors of ``up``. Raises as :func:`detector_config` does."""
    made = engines(settings, store)
    keeper = StateKeeper(store, clock, made, OWNER, settings.detector_snapshot_s)
    reporter = Reporter(store, clock, metrics)
    actions = ActionFeed(store, clock)
    scores = ScoreInbox(ScoreFeed(store), clock, metrics)
    return EmbeddedDetectors(EmbeddedParts(CallFeed(store), actions, scores, made, keeper, reporter, metrics, clock))
