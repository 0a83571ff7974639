"""The OTLP exporter towards a receiver that is away: what the application's log gets to see."""

import logging
import socket
import threading

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult

from tests.sdk.spans import ended
from watchkeeper_sdk import _safety
from watchkeeper_sdk.configuration import Configuration
from watchkeeper_sdk.exporting import NoExporter, make_exporter


def test_a_receiver_that_is_away_is_one_line_without_keys(caplog: pytest.LogCaptureFixture) -> None:
    _safety._said_at.clear()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://user:secret@127.0.0.1:{closed.getsockname()[1]}/otlp?api-key=SECRET"
        exporter, where = make_exporter(Configuration(endpoint=endpoint))
        threading.Timer(0.2, exporter.shutdown).start()  # it would try for ten seconds
        with caplog.at_level(logging.INFO):
            assert exporter.export([ended()]) is SpanExportResult.FAILURE
    assert where == f"OTLP at http://127.0.0.1:{closed_port(where)}/otlp/v1/traces"
    # Threads of earlier tests may still have something to say of their own calls.
    (told,) = [one for one in caplog.records if "dropped" not in one.getMessage()]
    assert told.name == "watchkeeper_sdk" and where in told.getMessage()
    assert "SECRET" not in caplog.text and "secret" not in caplog.text


def closed_port(where: str) -> str:
    return where.split(":")[2].partition("/")[0]


@pytest.mark.parametrize("endpoint", ["collector:4318", "foo:bar", "http://", "//x"])
def test_an_address_that_cannot_be_one_is_told_at_once(endpoint: str) -> None:
    with pytest.raises(NoExporter, match="such as http://collector:4318"):
        make_exporter(Configuration(endpoint=endpoint))
