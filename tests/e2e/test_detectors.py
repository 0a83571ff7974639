"""The detectors as processes of their own: killed in mid-stream, they tell what an undisturbed run tells."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pyarrow as pa
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from demo.backend import free_ports
from demo.part import part
from detectors.followed import Followed
from detectors.history import ArrowHistory
from detectors.records import Regression
from tests.collector.otlp import CHAT, START_NS, SpanSpec, request
from tests.detectors.regressed_calls import MESSAGES, SOUND, STEP_S, regressed_calls
from tests.e2e.transitions import Told, transitions
from tests.fixtures.broker import KafkaBench
from tests.fixtures.service import PATIENCE_S, Service, is_ready, running_up, wait_until
from watchkeeper.cli.detecting import StoreEngines, detector_config
from watchkeeper.clock import SystemClock
from watchkeeper.codec import encode_calls
from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.settings import Settings

pytestmark = [pytest.mark.e2e, pytest.mark.clickhouse]

UNITS = list[tuple[pa.Table, float]]
KILLED_AT = (60, 180, SOUND + 5)
"""Offsets; the last is where the change shows."""
PER_ROUND = 8


@contextmanager
def running(directory: Path, settings: Mapping[str, str]) -> Iterator[Service]:
    """``detectors run`` with a store of its own; ready."""
    (metrics,) = free_ports(1)
    data = directory / "data"
    own = {"WATCHKEEPER_DATA_DIR": str(data), "WATCHKEEPER_METRICS_PORT": str(metrics)}
    with part("detectors", ["watchkeeper.cli", "detectors", "run"], directory, 20.0, {**settings, **own}) as child:
        service = Service(child, data, f"http://127.0.0.1:{metrics}")
        wait_until(lambda: is_ready(service.api), child, "readiness")
        yield service


def metric(service: Service, name: str) -> float:
    """A metric without labels; 0 where it is not shown."""
    text = httpx.get(f"{service.api}/metrics", timeout=20, trust_env=False).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(f"{name} "))


def send(kafka: KafkaBench, topic: str, units: UNITS) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.broker.bootstrap)
    for calls, at in units:
        producer.send(topic, encode_calls(calls), partition=0, timestamp_ms=round(at * 1000))
    producer.flush(30)
    producer.close()


def undisturbed(units: UNITS) -> list[Told]:
    """What one engine without interruptions says, by id."""
    engines = StoreEngines(detector_config(Settings.load()), ArrowHistory(CALLS_SCHEMA.empty_table()))
    followed = Followed.begin(engines, SystemClock().now(), 0, with_repeats=True)
    found = [one for calls, at in units for one in followed.take(calls, at, 0)]
    return sorted((one.id, one.seq, one.model_dump_json()) for one in found)


def published(kafka: KafkaBench, topic: str) -> list[Told]:
    """All there is, by id."""
    consumer = kafka.closing(KafkaConsumer(bootstrap_servers=kafka.broker.bootstrap, auto_offset_reset="earliest"))
    place = TopicPartition(topic, 0)
    consumer.assign([place])
    (end,) = consumer.end_offsets([place]).values()
    found: list[Told] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < end:
        assert time.monotonic() < deadline, f"{len(found)} of {end} messages of {topic}"
        bodies = [record.value for records in consumer.poll(timeout_ms=200).values() for record in records]
        found += [(said["id"], said["seq"], body.decode()) for body in bodies if (said := orjson.loads(body))]
    return sorted(found)


def committed(kafka: KafkaBench, group: str, topic: str) -> int:
    found = kafka.committed(group, topic)
    return found.offset if found is not None else 0


@pytest.mark.kafka
def test_killed_again_and_again_the_detectors_find_what_an_undisturbed_run_finds(
    kafka: KafkaBench, tmp_path: Path
) -> None:
    kafka.needs_complete_broker()
    calls, regressions = kafka.topic(), kafka.topic()
    group = f"detectors-{calls}"
    settings = {
        "WATCHKEEPER_KAFKA_BOOTSTRAP_SERVERS": kafka.broker.bootstrap,
        "WATCHKEEPER_KAFKA_CALLS_TOPIC": calls,
        "WATCHKEEPER_KAFKA_REGRESSIONS_TOPIC": regressions,
        "WATCHKEEPER_KAFKA_DETECTORS_GROUP": group,
        "WATCHKEEPER_KAFKA_GROUP_INSTANCE_ID": "one",
        "WATCHKEEPER_DETECTOR_SNAPSHOT_S": "0.2",
    }
    units = regressed_calls(time.time() - MESSAGES * STEP_S - 60)
    expected = undisturbed(units)
    assert any(Regression.model_validate_json(told[2]).metric == "error" for told in expected)
    left = list(units)

    def goes_on_until(offset: int) -> bool:
        """Send a little more; has the group come that far?"""
        send(kafka, calls, left[:PER_ROUND])
        del left[:PER_ROUND]
        return committed(kafka, group, calls) >= offset

    for offset in KILLED_AT:
        with running(tmp_path, settings) as service:
            # Killed with messages just sent, before or after it has worked on them, told of them and saved.
            wait_until(lambda: goes_on_until(offset), service.part, f"offset {offset}")  # noqa: B023  used at once
            service.kill()
        assert left
    with running(tmp_path, settings) as service:
        wait_until(lambda: goes_on_until(MESSAGES), service.part, "end of the topic")
        assert service.end() == 0, service.log()
    found = transitions(service.data_dir)
    assert found.told == published(kafka, regressions) == expected
    assert found.rows == len(expected)


FIFTY = 50
PER_REQUEST = 1_000


def spans(first: int, begin_s: float) -> bytes:
    """One request of a thousand calls, fifty every twenty seconds; later ones fail one in four."""
    begin_ms = begin_s * 1000 - START_NS / 1e6
    made = []
    for n in range(first, first + PER_REQUEST):
        fails = n * 7 % (100 if n < SOUND * FIFTY else 4) == 3
        start_ms = begin_ms + n // FIFTY * STEP_S * 1000 + n % FIFTY
        attributes = {**CHAT, "error.type": "500"} if fails else CHAT
        trace = (n + 1) * 0x9E3779B97F4A7C15
        error = "boom" if fails else ""
        made.append(SpanSpec(n + 1, trace, 0, start_ms, start_ms + 900, error=error, attributes=attributes))
    return request(*made)


def test_up_finds_a_regression_and_goes_on_after_a_kill(tmp_path: Path) -> None:
    begin_s = time.time() - MESSAGES * STEP_S - 60
    settings = {"WATCHKEEPER_DETECTOR_SNAPSHOT_S": "0.2"}
    headers = {"content-type": "application/x-protobuf"}

    def post(up: Service, begin: int, end: int) -> None:
        with httpx.Client(base_url=up.otlp_http, headers=headers, trust_env=False, timeout=30) as client:
            for first in range(begin * FIFTY, end * FIFTY, PER_REQUEST):
                assert client.post("/v1/traces", content=spans(first, begin_s)).status_code == 200

    with running_up(tmp_path, settings) as up:
        post(up, 0, SOUND)
        wait_until(lambda: metric(up, "watchkeeper_detector_calls_total") >= SOUND * FIFTY, up.part, "work")
        wait_until(lambda: metric(up, "watchkeeper_detector_snapshot_age_seconds") < 2, up.part, "a saved state")
        post(up, SOUND, SOUND + 20)
        up.kill()
    with running_up(tmp_path, settings) as up:
        post(up, SOUND + 20, MESSAGES)
        rest = (MESSAGES - SOUND) * FIFTY
        wait_until(lambda: metric(up, "watchkeeper_detector_calls_total") >= rest, up.part, "the rest")
        # Calls that the last saved state lacked are counted again, so that the count may come before the last of them.
        wait_until(lambda: up.get("/v1/regressions?kind=regression")["rows"], up.part, "the regression")
        # What was learnt before the kill was not learnt again.
        assert metric(up, "watchkeeper_detector_calls_total") <= rest + SOUND * FIFTY // 2
        assert up.get("/readyz")["status"] == "ready"
        assert up.end() == 0, up.log()
    found = transitions(up.data_dir)
    records = [Regression.model_validate_json(told[2]) for told in found.told]
    assert {record.metric for record in records if record.kind == "regression"} == {"error"}
    assert found.rows == len(found.told)


def test_up_without_detectors_takes_calls_all_the_same(tmp_path: Path) -> None:
    with running_up(tmp_path, {"WATCHKEEPER_DETECTORS": "false"}) as up:
        content = spans(0, time.time() - 2 * PER_REQUEST / FIFTY * STEP_S)  # all past, also as an hour ends
        headers = {"content-type": "application/x-protobuf"}
        assert httpx.post(f"{up.otlp_http}/v1/traces", content=content, headers=headers, trust_env=False).is_success
        assert up.calls() == PER_REQUEST
        assert metric(up, "watchkeeper_detector_snapshot_age_seconds") == 0
        assert up.end() == 0
