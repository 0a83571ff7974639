"""Own metrics and logs: bounded labels, one registry each, logs on standard error."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import generate_latest

from watchkeeper.telemetry import LabelBound, Metrics, configure_logs, logger


@pytest.fixture
def _logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)
    for library in ("kafka", "urllib3", "clickhouse_connect"):
        logging.getLogger(library).setLevel(logging.NOTSET)


def configure_as_a_process_would(level: str, form: str) -> None:
    logging.getLogger().handlers.clear()  # those of the test runner
    configure_logs(level, form)


def test_label_values_are_bounded() -> None:
    bound = LabelBound(2)
    assert bound("a", "b") == ("a", "b")
    assert bound("c", "d") == ("c", "d")
    assert bound("e", "f") == ("other", "other")
    assert bound("a", "b") == ("a", "b")


def test_each_set_of_metrics_is_apart_and_named_after_us() -> None:
    one, other = Metrics(), Metrics()
    one.scores.inc(3)
    assert one.registry.get_sample_value("watchkeeper_scores_total") == 3
    assert other.registry.get_sample_value("watchkeeper_scores_total") == 0
    names = [
        line.split()[2] for line in generate_latest(one.registry).decode().splitlines() if line.startswith("# HELP")
    ]
    assert len(names) > 15
    assert all(name.startswith("watchkeeper_") for name in names)


@pytest.mark.usefixtures("_logs_as_before")
def test_logs_go_to_standard_error_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_as_a_process_would("info", "json")
    logger("pipeline").info("stored", rows=3)
    logger("pipeline").debug("not shown")
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = map(json.loads, err.splitlines())
    assert {name: line[name] for name in ("event", "level", "part", "rows")} == {
        "event": "stored",
        "level": "info",
        "part": "pipeline",
        "rows": 3,
    }


@pytest.mark.usefixtures("_logs_as_before")
@pytest.mark.parametrize("level", ["debug", "info"])
def test_libraries_tell_of_trouble_only(capsys: pytest.CaptureFixture[str], level: str) -> None:
    configure_as_a_process_would(level, "console")
    logging.getLogger("kafka.net").debug("MARKBODY")
    logging.getLogger("kafka.net").info("a connection is open")
    logging.getLogger("kafka.net").error("a connection is lost")
    # With the address of a statement, and so the values that are bound to it.
    logging.getLogger("urllib3.connectionpool").warning("Retrying after connection broken: /?param_user=MARKUSER")
    logging.getLogger("clickhouse_connect.driver._backend.http_sync").warning("Unexpected Http Driver Exception")
    assert capsys.readouterr().err == "ERROR kafka.net a connection is lost\n"


@pytest.mark.usefixtures("_logs_as_before")
def test_logs_for_people_are_lines_without_colours_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    configure_as_a_process_would("warning", "console")
    logger("up").info("not shown")
    logger("up").warning("the store is away", attempt=1)
    logging.getLogger("kafka").warning("a library speaks")
    out, err = capsys.readouterr()
    assert out == ""
    assert "the store is away" in err and "attempt=1" in err and "\x1b" not in err
    assert "WARNING kafka a library speaks" in err
