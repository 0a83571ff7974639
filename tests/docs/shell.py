"""Runs commands of the pages in a directory, as somebody would who has a ``watchkeeper up`` running there."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.command import Watchkeeper

PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and what it said."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Shell:
    """A working directory and what was exported so far. ``watchkeeper`` runs in this process, all else under bash."""

    directory: Path
    watchkeeper: Watchkeeper
    monkeypatch: pytest.MonkeyPatch
    exported: dict[str, str] = field(default_factory=dict)

    def run(self, text: str, simple: bool) -> Outcome:
        """Run one line to its end."""
        words = shlex.split(text) if simple else []
        if words[:1] == ["export"]:
            return self._export(words[1:])
        if words[:1] == ["watchkeeper"] and "--data-dir" not in words:
            ran = self.watchkeeper(*words[1:])
            return Outcome(ran.code, ran.out + ran.err)
        return self._process(["bash", "-euo", "pipefail", "-c", text], {})

    def python(self, script: str, settings: Mapping[str, str]) -> Outcome:
        """Run a script, with ``settings`` in its environment."""
        return self._process([sys.executable, "-c", script], settings)

    def _process(self, arguments: list[str], settings: Mapping[str, str]) -> Outcome:
        done = subprocess.run(
            arguments,
            cwd=self.directory,
            env={**self._environment(), **settings},
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return Outcome(done.returncode, (done.stdout + done.stderr).decode(errors="replace"))

    def first_line(self, text: str) -> Outcome:
        """Start what does not end by itself, and interrupt it as soon as it has said something."""
        with subprocess.Popen(
            shlex.split(text), cwd=self.directory, env=self._environment(), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            process.stdout.read()
        return Outcome(0 if line else 1, line)

    def _export(self, assignments: list[str]) -> Outcome:
        for name, _, value in (one.partition("=") for one in assignments):
            self.exported[name] = value
            self.monkeypatch.setenv(name, value)
        return Outcome(0, "")

    def _environment(self) -> dict[str, str]:
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, **self.exported, "PATH": programs, "NO_PROXY": "127.0.0.1,localhost"}
