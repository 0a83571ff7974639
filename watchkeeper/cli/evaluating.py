"""Small periodic work beside a service: migrations under way, comparisons that are due."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from api.comparing.schedule import DUE_EVERY_S, Comparisons, due
from api.migrating.evaluator import COMPARE_EVERY_S, EVERY_S, Evaluator
from api.migrating.standing import new_id
from watchkeeper.cli import guarding
from watchkeeper.clock import Clock
from watchkeeper.errors import WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics, logger

_TOLD_AFTER = 3
"""Failures in a row after which a task counts as not working."""
_log = logger("evaluating")


@dataclass(frozen=True, slots=True)
class Task:
    """Work that is done again and again."""

    name: str
    """A word, for logs and metrics."""
    every_s: float
    """From the begin of one turn to that of the next; a turn that takes longer is followed at once by the next."""
    run: Callable[[], object]
    """One turn, of bounded length. What it raises is logged and counted, and the next turn comes all the same."""


class Evaluating:
    """Each task on a thread of its own, so that a comparison that takes long delays no rollback."""

    def __init__(self, tasks: Sequence[Task], clock: Clock, metrics: Metrics) -> None:
        names = [task.name for task in tasks]
        if len(set(names)) < len(names):
            raise ValueError(f"tasks need names of their own: {', '.join(names)}")
        self._tasks = tuple(tasks)
        self._clock = clock
        self._metrics = metrics
        self._ended = threading.Event()
        self._failures = dict.fromkeys(names, 0)
        self._threads = [
            threading.Thread(target=self._repeat, args=(task,), name=task.name, daemon=True) for task in tasks
        ]

    def start(self) -> None:
        """Begin with the first turn of each."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float) -> None:
        """No turn begins from now on; those under way may take ``timeout_s`` in all. Safe to call twice."""
        self._ended.set()
        deadline = self._clock.monotonic() + timeout_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - self._clock.monotonic()))
        if late := [thread.name for thread in self._threads if thread.is_alive()]:
            _log.warning("did not end in time", tasks=late)

    def checks(self) -> Mapping[str, str]:
        """Tasks that failed several times in a row, in words."""
        failing = {name: count for name, count in self._failures.items() if count >= _TOLD_AFTER}
        return {name: f"failed {count} times in a row; the log says why" for name, count in failing.items()}

    def turn(self, task: Task) -> None:
        """One turn of ``task``; its failure is logged and counted."""
        try:
            task.run()
        except WatchkeeperError as error:
            self._failed(task, str(error))
        except Exception as error:  # noqa: BLE001
            # The outermost frame of a thread: a defect in one turn must not end all that follow. Its text may hold
            # what somebody sent, its kind does not.
            self._failed(task, f"a defect of Watchkeeper: {type(error).__name__}")
        else:
            self._failures[task.name] = 0

    def _failed(self, task: Task, reason: str) -> None:
        self._failures[task.name] += 1
        self._metrics.task_failures.labels(task.name).inc()
        _log.warning("a periodic task failed and is tried again", task=task.name, error=reason)

    def _repeat(self, task: Task) -> None:
        while not self._ended.is_set():
            begun = self._clock.monotonic()
            self.turn(task)
            self._ended.wait(max(0.0, task.every_s - (self._clock.monotonic() - begun)))


def periodic_tasks(store: Store, clock: Clock, settings: Settings) -> list[Task]:
    """What a process with an API does beside; several may do it at the same time over one store."""
    migrations = Evaluator(store, clock, new_id)
    reader = store.reader(guarding.query_limits(settings))
    comparisons = Comparisons(reader, store, clock, guarding.bounds(settings))
    return [
        Task("migrations", EVERY_S, migrations.tick),
        Task("migration_comparisons", COMPARE_EVERY_S, migrations.compare),
        Task("comparisons", DUE_EVERY_S, lambda: due(comparisons)),
    ]
