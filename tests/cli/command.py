"""``watchkeeper`` in this process, as its entry point runs it, on the engine that all tests share."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from watchkeeper.cli.__main__ import main
from watchkeeper.settings import PREFIX
from watchkeeper.storage.client import Store

Environment = dict[str, str]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str
    raw: bytes

    def lines(self) -> list[Any]:
        """Standard output as lines of JSON."""
        return [orjson.loads(line) for line in self.out.splitlines()]


Watchkeeper = Callable[..., Ran]


@pytest.fixture
def watchkeeper(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Watchkeeper:
    """Run one command in an environment without our settings; tables are not cut to a terminal's width."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "400")

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["watchkeeper", *map(str, arguments)])
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0, out.decode(errors="replace"), err.decode(), out)

    return run


@pytest.fixture
def on_store(watchkeeper: Watchkeeper, shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> Watchkeeper:
    """The same, its settings pointing at ``shared_store``."""
    monkeypatch.setenv("WATCHKEEPER_DATA_DIR", str(shared_store.config.data_dir))
    monkeypatch.setenv("WATCHKEEPER_DATABASE", shared_store.config.database)
    for table in ("CALLS", "ROLLUP_1M", "ROLLUP_1H", "SCORES", "DEAD_LETTERS", "CONTENT", "REGRESSIONS"):
        # As the shared store has them: rows of a fixed date stay, and its tables as they are.
        monkeypatch.setenv(f"WATCHKEEPER_{table}_TTL_DAYS", "20000")
    return watchkeeper
