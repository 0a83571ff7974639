"""The command line as the team uses it: real commands, in this process, against a real server of the API."""

import json
import os
import re
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from typer.testing import CliRunner

from api.app import ApiParts, create_app
from api.server import ApiServer, Listen
from tests.docs.worked_example_models import catalog_parts
from watchkeeper.cli.__main__ import app
from watchkeeper.cli.detector_views import detector_views
from watchkeeper.clock import Clock, SystemClock
from watchkeeper.settings import PREFIX, Settings
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics

_WIDTH = "120"
_RANDOM_ID = re.compile(r"\b[0-9a-f]{32}\b")
_SHOWN_ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
"""Ids of migrations are drawn by chance; the page shows one and the same."""


@dataclass(frozen=True, slots=True)
class Console:
    """Runs commands, and keeps what they printed under the name of a part of the page."""

    url: str
    printed: dict[str, str] = field(default_factory=dict)

    def show(self, name: str, command: str) -> str:
        """Run ``command`` as a shell would, for the part ``name`` of the page; what it printed."""
        out = self.run(command)
        self.put(name, f"$ {_RANDOM_ID.sub(_SHOWN_ID, command)}\n{out}")
        return out

    def run(self, command: str) -> str:
        """The same, not shown. Raises what the command raises."""
        program, *arguments = shlex.split(command)
        assert program == "watchkeeper", command
        usual: dict[str, str | None] = {name: None for name in os.environ if name.upper().startswith(PREFIX)}
        environment = {**usual, "WATCHKEEPER_API_URL": self.url, "COLUMNS": _WIDTH}
        ran = CliRunner().invoke(app, arguments, env=environment)
        if ran.exception is not None:
            raise ran.exception
        return "".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())

    def ask(self, command: str) -> Any:
        """What ``command --json`` answers, not shown."""
        return json.loads(self.run(f"{command} --json"))

    def put(self, name: str, text: str, language: str = "text") -> None:
        """A part of the page."""
        assert name not in self.printed, name
        self.printed[name] = f"```{language}\n{_RANDOM_ID.sub(_SHOWN_ID, text).rstrip()}\n```"


def next_command(advice: str, decision: str) -> str:
    """The command that an ``advice`` on one route, which is the expected ``decision``, ends with."""
    assert f"\nadvice       {decision}\n" in advice, advice
    (command,) = re.findall(r"^ +(watchkeeper .*)$", advice, re.MULTILINE)
    assert isinstance(command, str)
    return command


@contextmanager
def console(store: Store, clock: Clock) -> Iterator[Console]:
    """A server of the API over ``store``, whose time is that of ``clock``; it ends with the block."""
    closing = threading.Event()
    parts = ApiParts(
        store,
        Metrics(),
        clock,
        checks=dict,
        catalog=catalog_parts(clock.now()),
        detectors=detector_views(Settings.load(), store),
        closing=closing,
    )
    server = ApiServer(create_app(parts), Listen("127.0.0.1", 0, "the worked example"), SystemClock(), closing)
    url = f"http://127.0.0.1:{server.start()}"
    try:
        yield Console(url)
    finally:
        server.stop()
