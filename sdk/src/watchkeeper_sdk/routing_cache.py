"""The weights known last, in a file, for a process that starts while the API is away."""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MOST_BYTES = 16 * 2**20
_MOST_AGE_S = 7 * 86_400.0
"""Older weights may name models that are no longer there; the application's own default is as good."""


@dataclass(frozen=True)
class RouteCache:
    """One file, which any number of processes with the same API may share."""

    file: Path
    api: str
    """Whose weights they are; those of another API are not read."""

    def load(self) -> Any:
        """The rows that were saved last; None where there are none. Raises :class:`OSError` and :class:`ValueError`."""
        if not self.file.exists():
            return None
        with self.file.open("rb") as opened:
            known = json.loads(opened.read(_MOST_BYTES))
        is_ours = known["api"] == self.api and abs(time.time() - float(known["saved_at"])) < _MOST_AGE_S
        return known["rows"] if is_ours else None

    def save(self, rows: Any) -> None:
        """Replace what is there, as a whole. Raises :class:`OSError`."""
        text = json.dumps({"api": self.api, "saved_at": time.time(), "rows": rows})
        beside = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
                opened.write(text)
            beside.replace(self.file)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
