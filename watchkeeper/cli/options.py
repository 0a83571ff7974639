"""Options that several commands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Host = Annotated[str | None, typer.Option(help="Address to bind to.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0: any free one.")]
DataDir = Annotated[Path | None, typer.Option(help="Data directory of the embedded store.")]


class Format(StrEnum):
    """How a command prints."""

    JSON = "json"
    TABLE = "table"
