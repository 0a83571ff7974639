"""The detectors' states as they were saved last: for `detectors explain`, and for the API, which knows none of them."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from api.routes.detectors import DetectorViews
from detectors.engine import Engine
from detectors.explain import explain
from detectors.explanations import SeriesExplanation
from detectors.followed import Followed
from detectors.late_calls import Late
from detectors.statuses import statuses
from watchkeeper.cli.detecting import StoreEngines, engines
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.storage.detector_state import StatePlace, load_state, saved_step
from watchkeeper.storage.state_places import state_places

NOTHING_SAVED = (
    "the detectors have saved no state yet: they do so every minute once there are calls; "
    "'watchkeeper detectors explain --calls FILE.parquet' explains a file of calls"
)


class SavedEngines:
    """Engines as of the states saved last. Safe to share between threads, which take turns.

    The one used last is kept: restoring an engine of many series takes seconds.
    """

    def __init__(self, made: StoreEngines, store: Store) -> None:
        self._made = made
        self._store = store
        self._lock = threading.Lock()
        self._kept: tuple[StatePlace, int, Engine] | None = None

    def explain(self, series: str) -> SeriesExplanation:
        """Of several states that know the series, as the one saved last has it.

        Raises :class:`ConfigError` with what there is where none, or several series, are named so.
        """
        problem = ConfigError(NOTHING_SAVED)
        with self._lock:
            for engine in self._engines():
                try:
                    return explain(engine, series)
                except ConfigError as error:
                    problem = error
        raise problem

    def statuses(self) -> list[Mapping[str, Any]]:
        """All watched metrics of all states, by series."""
        with self._lock:
            found = [asdict(one) for engine in self._engines() for one in statuses(engine)]
        return sorted(found, key=lambda one: str(one["series"]))

    def late(self) -> dict[str, Late]:
        """Calls that came too late to be judged, by series id."""
        found: dict[str, Late] = {}
        with self._lock:
            for engine in self._engines():
                for key, late in engine.late_calls.all().items():
                    before = found.get(key.id, Late(0, 0.0))
                    found[key.id] = Late(before.calls + late.calls, max(before.last, late.last))
        return found

    def _engines(self) -> Iterator[Engine]:
        for place in state_places(self._store, self._made.version):
            engine = self._engine(place)
            if engine is not None:
                yield engine

    def _engine(self, place: StatePlace) -> Engine | None:
        step = saved_step(self._store, place)
        if self._kept is not None and self._kept[:2] == (place, step):
            return self._kept[2]
        saved = load_state(self._store, place)
        if saved is None:
            return None
        engine = Followed.restore(self._made, saved, with_repeats=False).engine
        assert isinstance(engine, Engine)
        self._kept = (place, saved.step, engine)
        return engine


def detector_views(settings: Settings, store: Store) -> DetectorViews:
    """For :class:`~api.app.ApiParts`. Raises :class:`ConfigError` for a rules file that is wrong."""
    return views_of(SavedEngines(engines(settings, store), store))


def views_of(saved: SavedEngines) -> DetectorViews:
    """What the API shows of ``saved``."""

    def explained(series: str) -> Mapping[str, Any]:
        return asdict(saved.explain(series))

    def listed() -> Sequence[Mapping[str, Any]]:
        return saved.statuses()

    def late() -> Mapping[str, Mapping[str, Any]]:
        return {series: asdict(one) for series, one in saved.late().items()}

    return DetectorViews(explained, listed, late)
