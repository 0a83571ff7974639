"""The demo through Kafka: a broker, its topics, and a collector with the embedded store and its API."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from demo.backend import HOST, SHUTDOWN_S, Backend, free_ports, wait_until_ready
from demo.broker import BrokerUnavailable, open_broker
from demo.part import DemoFailed, part
from watchkeeper.clock import Clock

_TOPICS_S = 60.0


@contextmanager
def through_kafka(directory: Path, clock: Clock) -> Iterator[Backend]:
    """The broker of ``KAFKA_BOOTSTRAP_SERVERS`` or one of our own, and a collector on it, ready.

    Raises :class:`DemoFailed` when one of them does not come up.
    """
    seat = directory / "broker"
    seat.mkdir()
    try:
        with open_broker(seat) as broker:
            yield from _collector(broker.bootstrap, directory, clock)
    except BrokerUnavailable as error:
        raise DemoFailed(str(error)) from error


def _collector(bootstrap: str, directory: Path, clock: Clock) -> Iterator[Backend]:
    api, metrics = free_ports(2)
    settings = {
        "WATCHKEEPER_KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "WATCHKEEPER_STORE": "chdb",
        "WATCHKEEPER_DATA_DIR": str(directory / "data"),
        "WATCHKEEPER_HOST": HOST,
        "WATCHKEEPER_API_PORT": str(api),
        "WATCHKEEPER_METRICS_PORT": str(metrics),
    }
    _create_topics(directory, settings)
    command = ["watchkeeper.cli", "collector"]
    with part("watchkeeper-collector", command, directory, SHUTDOWN_S, settings) as collector:
        backend = Backend(api=f"http://{HOST}:{api}", kafka=bootstrap)
        wait_until_ready(backend.api, collector, clock)
        yield backend


def _create_topics(directory: Path, settings: Mapping[str, str]) -> None:
    command = ["watchkeeper.cli", "topics", "create"]
    with part("watchkeeper-topics", command, directory, settings=settings) as creating:
        if creating.process.wait(_TOPICS_S) != 0:
            raise creating.failure("could not create the topics")
