"""Where the process that holds a data directory can be reached: a file in that directory says it."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

ADDRESS_FILE = "watchkeeper-up.json"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a running ``up`` can be reached."""

    api: str
    otlp_http: str
    otlp_grpc: str
    pid: int
    secret: str = field(default="", repr=False)
    """Opens the API to the commands of whoever may read the data directory."""


@contextlib.contextmanager
def announced(data_dir: Path, address: Address) -> Iterator[None]:
    """Say where we are to other commands on ``data_dir``, for as long as we are."""
    file = data_dir / ADDRESS_FILE
    _write_private(file, json.dumps(asdict(address)))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def running_address(data_dir: Path) -> Address | None:
    """Where the ``up`` on ``data_dir`` is, if one runs there."""
    try:
        return Address(**json.loads((data_dir / ADDRESS_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _write_private(file: Path, text: str) -> None:
    # What a killed process left may have other permissions, so it is not written over.
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as private:
        private.write(text)
