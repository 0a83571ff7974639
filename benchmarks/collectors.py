"""``watchkeeper collector`` processes with the embedded store, as benchmarks start them."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kafka_topic import BenchTopic
from benchmarks.processes import Measured, free_port, python_module, running, wait_for

GROUP = "bench-collector"


@dataclass(frozen=True, slots=True)
class CollectorSeat:
    """What every collector process of a run has in common."""

    topic: BenchTopic
    folder: Path
    calls_topic: str = ""
    more: tuple[tuple[str, str], ...] = ()
    """Further settings."""

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "collector.log"

    def environment(self, api_port: int) -> dict[str, str]:
        """Its settings."""
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": self.topic.bootstrap,
            "KAFKA_TOPICS": self.topic.name,
            "KAFKA_LOG_TOPICS": "",
            "KAFKA_CALLS_TOPIC": self.calls_topic,
            "KAFKA_GROUP": GROUP,
            # A killed member without a name keeps its partitions until its session ends, 45 s later.
            "KAFKA_GROUP_INSTANCE_ID": "bench-1",
            "STORE": "chdb",
            "DATA_DIR": str(self.data_dir),
            "API_PORT": str(api_port),
            **dict(self.more),
        }
        return {f"WATCHKEEPER_{name}": value for name, value in settings.items()}


@dataclass(slots=True)
class Collector:
    """A running collector."""

    measured: Measured
    port: int

    def is_ready(self) -> bool:
        """Does it say so itself? Raises ``RuntimeError`` where it has ended."""
        self.measured.check_alive()
        return answers_ready(self.port)

    def kill(self) -> None:
        """kill -9."""
        self.measured.process.kill()
        self.measured.process.wait()


@contextmanager
def collector(seat: CollectorSeat, *module: str) -> Iterator[Collector]:
    """A collector process, not ready yet; ``module`` with its arguments starts it in place of the command."""
    port = free_port()
    command = python_module(*(module or ("watchkeeper.cli", "collector")))
    with running(command, seat.log, **seat.environment(port)) as measured:
        yield Collector(measured, port)


def answers_ready(port: int) -> bool:
    """Does ``/readyz`` answer 200?"""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def wait_until_stored(seat: CollectorSeat, running_collector: Collector, seconds: float) -> None:
    """Until the group has finished everything in the topic. Raises ``TimeoutError``, or if the collector ends."""

    def done() -> bool:
        running_collector.is_ready()
        backlog = seat.topic.backlog(GROUP)
        return backlog is not None and backlog.is_done

    wait_for(done, "everything stored", seconds, every_s=0.3)
