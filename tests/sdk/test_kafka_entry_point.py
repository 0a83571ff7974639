"""``OTEL_TRACES_EXPORTER=watchkeeper_kafka``: no line of code, through OpenTelemetry's own configurator."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from tests.fixtures.broker import KafkaBench
from tests.sdk.kafka_topic import Topic
from watchkeeper_sdk.kafka import KafkaSpanExporter

CONFIGURED = """
from opentelemetry import trace
from opentelemetry.sdk._configuration import _OTelSDKConfigurator
_OTelSDKConfigurator().configure(auto_instrumentation_version="1.0")
trace.get_tracer("application").start_span("chat").end()
"""
WITH_ARGUMENTS = """
import os
from opentelemetry import trace
from opentelemetry.sdk._configuration import _OTelSDKConfigurator
from watchkeeper_sdk.kafka import KafkaSpanExporter
arguments = {KafkaSpanExporter: {"bootstrap_servers": os.environ["BROKERS"], "topic": os.environ["TOPIC"]}}
_OTelSDKConfigurator().configure(exporter_args_map=arguments)
trace.get_tracer("application").start_span("chat").end()
"""


def run(code: str, **variables: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "WATCHKEEPER_"))}
    environment = inherited | {"OTEL_TRACES_EXPORTER": "watchkeeper_kafka", "OTEL_SERVICE_NAME": "shop"} | variables
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_entry_point_is_the_exporter() -> None:
    (found,) = entry_points(group="opentelemetry_traces_exporter", name="watchkeeper_kafka")
    assert found.load() is KafkaSpanExporter


@pytest.mark.kafka
def test_the_environment_alone_sends_spans_to_kafka(kafka: KafkaBench) -> None:
    topic = Topic(kafka)
    run(CONFIGURED, WATCHKEEPER_KAFKA=kafka.broker.bootstrap, WATCHKEEPER_KAFKA_TOPIC=topic.name)
    (record,) = topic.read_until(bool)
    assert b"shop" in record.value and b"application" in record.value and len(record.key) == 32


@pytest.mark.kafka
def test_the_configurator_may_pass_arguments(kafka: KafkaBench) -> None:
    topic = Topic(kafka)
    run(WITH_ARGUMENTS, BROKERS=kafka.broker.bootstrap, TOPIC=topic.name)
    (record,) = topic.read_until(bool)
    assert b"application" in record.value
