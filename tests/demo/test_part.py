"""Children of the demo end with it, and their failures are told."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from demo.backend import free_ports, wait_until_ready
from demo.part import DemoFailed, child_environment, part
from demo.watch import displaying, follow
from watchkeeper.clock import SystemClock


def test_a_child_is_stopped_at_the_end_of_its_block(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with part("server", ["http.server", str(port), "--bind", "127.0.0.1"], tmp_path) as child:
        assert not child.ended
    assert child.ended


def test_a_child_is_stopped_when_the_block_fails(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with (
        pytest.raises(DemoFailed),
        part("server", ["http.server", str(port), "--bind", "127.0.0.1"], tmp_path) as child,
    ):
        raise DemoFailed("something else broke")
    assert child.ended


def test_a_failing_worker_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    console = Console(quiet=True)
    with (
        part("worker", ["demo.traffic", "--application", "nobody"], tmp_path) as worker,
        displaying(console, SystemClock()) as display,
        pytest.raises(DemoFailed, match=r"(?s)worker ended with code 2.*provider"),
    ):
        follow([worker], 60, SystemClock(), display)


def test_a_server_that_ends_before_it_is_ready_is_a_failure(tmp_path: Path) -> None:
    with (
        part("up", ["no.such.module"], tmp_path) as server,
        pytest.raises(DemoFailed, match=r"(?s)up ended with code 1 before it was ready.*No module named"),
    ):
        wait_until_ready("http://127.0.0.1:9", server, SystemClock())


def test_the_last_whole_line_of_output_is_read(tmp_path: Path) -> None:
    with part("tool", ["json.tool", "--help"], tmp_path) as child:
        child.process.wait(30)
        assert child.last_line().strip()
    child.output.write_text(json.dumps({"calls": 1, "of": 2}) + "\n" + '{"calls": 2')
    assert child.last_line() == '{"calls": 1, "of": 2}'


def test_free_ports_are_different() -> None:
    assert len(set(free_ports(5))) == 5


def test_settings_of_the_caller_s_shell_do_not_reach_the_children() -> None:
    ours = {
        "PATH": "/bin",
        "WATCHKEEPER_STORE": "clickhouse",
        "OTEL_SDK_DISABLED": "true",
        "OPENAI_API_KEY": "x",
    }
    assert set(child_environment(ours)) == {"PATH", "NO_PROXY", "no_proxy"}
