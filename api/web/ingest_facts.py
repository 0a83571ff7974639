"""What ``/doctor`` rests on, read from the store and the process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from api.alerting.rule_book import RuleBook
from api.kept import Kept
from api.problems import Problem
from api.web.parts import WebParts
from watchkeeper.storage.alert_deliveries import Delivery, DeliveryFilter, list_deliveries
from watchkeeper.storage.arrivals import Arrival, arrivals
from watchkeeper.storage.dead_letters import DeadLetter, DeadLetterFilter, list_dead_letters, waiting_dead_letters
from watchkeeper.storage.health import StoreHealth, store_health
from watchkeeper.storage.pipeline_signs import Period, Unpriced, detectors_saved_at, unpriced_models

ARRIVED_WITHIN = timedelta(hours=24)
LATELY = timedelta(minutes=5)
_UNPRICED_WITHIN = timedelta(days=7)
_STATES_WITHIN = timedelta(days=7)
_MOST_LETTERS, _MOST_MESSAGES = 20, 1_000
_STATUSES_FRESH_S = 60.0
"""The detectors save their states as often; to read one takes seconds where there are many series."""
_DETECTORS_KEY = "detectors"
_FACTS_FRESH_S = 5.0
_FACTS_KEY = "facts"


@dataclass(frozen=True, slots=True)
class Detecting:
    """What the detectors know, as they saved it last."""

    metrics: Sequence[Mapping[str, Any]]
    """Of every watched metric its series, state and why."""
    late: int
    """Calls of the last days that came too late to be judged."""


@dataclass(frozen=True, slots=True)
class Alerting:
    """Whom alerts go to, and what became of the last messages."""

    source: str
    """Of the rules: ``file``, ``api``, ``none``, ``unknown`` where this process cannot say, or ``wrong``."""
    problem: str
    channels: tuple[str, ...]
    messages: Sequence[Delivery]


@dataclass(frozen=True, slots=True)
class IngestFacts:
    """Everything at one time."""

    now: datetime
    not_ready: Mapping[str, str]
    """By part of this process, why it does not work."""
    store: StoreHealth
    arrived: Sequence[Arrival]
    waiting: Mapping[str, int]
    """Dead letters by reason."""
    letters: Sequence[DeadLetter]
    unpriced: Sequence[Unpriced]
    saved_at: datetime | None
    detecting: Detecting | None
    """None where this process has not the detectors' code."""
    alerting: Alerting


class IngestReader:
    """Safe to share between threads; what many look at is read once."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._facts: Kept[IngestFacts] = Kept(parts.clock, _FACTS_FRESH_S)
        self._detecting: Kept[Detecting] = Kept(parts.clock, _STATUSES_FRESH_S, behind=True)

    def read(self) -> IngestFacts:
        """As it is, or was some seconds ago. Raises :class:`~watchkeeper.errors.StoreUnavailable`."""
        return self._facts.get(_FACTS_KEY, self._read)

    def _read(self) -> IngestFacts:
        parts, now = self._parts, self._parts.clock.now()
        store = parts.reader
        return IngestFacts(
            now=now,
            not_ready=dict(parts.checks()),
            store=store_health(store),
            arrived=arrivals(store, now, ARRIVED_WITHIN, LATELY),
            waiting=waiting_dead_letters(store),
            letters=list_dead_letters(store, DeadLetterFilter(waiting_only=True), _MOST_LETTERS),
            unpriced=unpriced_models(store, Period(now - _UNPRICED_WITHIN, now)),
            saved_at=detectors_saved_at(store, Period(now - _STATES_WITHIN, now)),
            detecting=self._detected(),
            alerting=_alerting(parts),
        )

    def _detected(self) -> Detecting | None:
        views = self._parts.detectors
        if views is None:
            return None
        return self._detecting.get(
            _DETECTORS_KEY,
            lambda: Detecting(views.statuses(), sum(int(one["calls"]) for one in views.late().values())),
        )


def _alerting(parts: WebParts) -> Alerting:
    messages = list_deliveries(parts.reader, DeliveryFilter(), _MOST_MESSAGES)
    if parts.alerts is None:
        return Alerting("unknown", "", (), messages)
    try:
        answer = RuleBook(parts.reader, parts.store, parts.clock, parts.alerts).in_force()
    except Problem as problem:
        return Alerting("wrong", problem.detail, (), messages)
    channels = (answer.rules or {}).get("channels", {})
    return Alerting(answer.source, "", tuple(sorted(channels)), messages)
