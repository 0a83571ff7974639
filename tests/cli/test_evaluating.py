"""Periodic tasks beside a service."""

import threading

import pytest

from watchkeeper.cli.evaluating import Evaluating, Task
from watchkeeper.clock import SystemClock
from watchkeeper.errors import StoreUnavailable
from watchkeeper.telemetry import Metrics

PATIENCE_S = 20.0


def test_each_task_runs_again_and_again_and_a_slow_one_holds_up_none() -> None:
    quick, hold, begun = threading.Semaphore(0), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        hold.wait(PATIENCE_S)

    tasks = Evaluating([Task("quick", 0.001, quick.release), Task("slow", 0.001, slow)], SystemClock(), Metrics())
    tasks.start()
    assert begun.wait(PATIENCE_S)
    for _ in range(3):
        assert quick.acquire(timeout=PATIENCE_S)
    hold.set()
    tasks.stop(PATIENCE_S)
    tasks.stop(0.0)
    assert not any(thread.is_alive() for thread in tasks._threads)


def test_a_task_that_waits_is_ended_at_once() -> None:
    ran = threading.Event()
    tasks = Evaluating([Task("rare", 3_600.0, ran.set)], SystemClock(), Metrics())
    tasks.start()
    assert ran.wait(PATIENCE_S)
    tasks.stop(PATIENCE_S)
    assert not tasks._threads[0].is_alive()


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ValueError("a secret")], ids=["ours", "defect"])
def test_failures_are_counted_told_and_forgotten(error: Exception, capfd: pytest.CaptureFixture[str]) -> None:
    metrics, failing = Metrics(), True

    def run() -> None:
        if failing:
            raise error

    task = Task("work", 1.0, run)
    tasks = Evaluating([task], SystemClock(), metrics)
    for _ in range(3):
        assert tasks.checks() == {}
        tasks.turn(task)
    assert tasks.checks() == {"work": "failed 3 times in a row; the log says why"}
    assert metrics.registry.get_sample_value("watchkeeper_task_failures_total", {"task": "work"}) == 3
    assert "a secret" not in "".join(capfd.readouterr())
    failing = False
    tasks.turn(task)
    assert tasks.checks() == {}


def test_names_are_unique() -> None:
    with pytest.raises(ValueError, match="names of their own: a, a"):
        Evaluating([Task("a", 1, lambda: None), Task("a", 2, lambda: None)], SystemClock(), Metrics())
