"""Runs a recipe of docs/instrument.md as a reader would: its files in a directory, a Python of its own, real libraries.

What the libraries call is the scripted provider on loopback; what the recipe sends arrives at a receiver, and is read
as the platform reads it.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from collector.scores import Score
from demo.part import child_environment
from tests.collector.otlp import read, stage
from tests.demo.otlp_sink import OtlpSink
from tests.docs.recipe_page import MAIN
from tests.sdk.provider import Provider, Scenario, Seen

PATIENCE_S = 60.0
_POLL_S = 0.05
_OUTCOMES = {
    Scenario.REFUSAL: "refused",
    Scenario.RATE_LIMITED: "rate_limited",
    Scenario.JSON_INVALID: "format_invalid",
}
NOTHING: Mapping[str, str] = MappingProxyType({})

Row = dict[str, Any]
Told = tuple[str, int | None, int | None, str]
"""Served model, input tokens, output tokens, outcome."""


@dataclass(frozen=True)
class Recipe:
    """One recipe, ready to run; and what came of it."""

    directory: Path
    provider: Provider
    sink: OtlpSink
    asked_before: int
    """Requests that the provider had seen of earlier recipes."""

    def run(self, *arguments: str, **settings: str) -> str:
        """Run the script (or Python with ``arguments``) to its end; its output. The SDK had nothing to complain of."""
        done = subprocess.run(
            [sys.executable, *(arguments or (MAIN,))],
            cwd=self.directory,
            env=self._environment(settings),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "watchkeeper_sdk" not in done.stderr, done.stderr
        return done.stdout

    @contextmanager
    def running(self, *arguments: str, **settings: str) -> Iterator["Server"]:
        """Python with ``arguments`` while the block lasts; what is left of it then is killed with its children."""
        log = self.directory / "log.txt"
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.directory,
                env=self._environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Server(process, log)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE_S)

    def requests(self) -> list[Seen]:
        """What the provider was asked by this recipe."""
        return self.provider.seen[self.asked_before :]

    def calls(self) -> list[Row]:
        """The rows that the platform makes of what was sent, in the order in which the calls began."""
        return read_calls(*self.sink.bodies())

    def scores(self) -> list[Score]:
        """The feedback that the platform reads."""
        return list(read(stage(), *self.sink.bodies()).scores)

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        provider = self.provider
        return {
            **child_environment(os.environ),
            "OPENAI_BASE_URL": provider.openai_url,
            "OPENAI_API_KEY": "sk-test",
            "ANTHROPIC_BASE_URL": provider.anthropic_url,
            "ANTHROPIC_API_KEY": "sk-test",
            "LITELLM_LOCAL_MODEL_COST_MAP": "true",  # else it looks for a newer one on the internet
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.sink.url.removesuffix("/v1/traces"),
            "WATCHKEEPER_STRICT": "1",
            **settings,
        }


@dataclass(frozen=True)
class Server:
    """A process that runs until it is told to stop."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def until(self, what: str, happened: Callable[[], object]) -> None:
        """Wait until ``happened()``; fails with the log when the process ends before, or takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        while not happened():
            assert self.process.poll() is None, f"ended before {what}:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"no {what}:\n{self.log.read_text()}"
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """End it as a supervisor does, and wait until it has."""
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0, self.log.read_text()


def written(files: Mapping[str, str], directory: Path) -> Path:
    """``directory``, with the files of a recipe."""
    for name, text in files.items():
        (directory / name).write_text(text)
    return directory


def read_calls(*bodies: bytes) -> list[Row]:
    """The rows that the platform makes of OTLP messages."""
    staged = read(stage(user_salt=b"of the platform"), *bodies)
    assert not staged.bad
    rows: list[Row] = staged.calls.to_pylist()
    return sorted(rows, key=lambda row: row["ts"])


def told(calls: list[Row]) -> Counter[Told]:
    """What the platform was told of the calls."""
    return Counter((row["model"], row["input_tokens"], row["output_tokens"], row["outcome"]) for row in calls)


def true(requests: list[Seen]) -> Counter[Told]:
    """What is true of the requests, as far as the provider let its client know."""
    return Counter(map(_true, requests))


def _true(seen: Seen) -> Told:
    outcome = _OUTCOMES.get(seen.scenario, "ok")
    if outcome == "rate_limited":
        return seen.requested_model, None, None, outcome
    if not seen.include_usage:
        return seen.served_model, None, None, outcome
    return seen.served_model, seen.tokens.input, seen.tokens.output, outcome
