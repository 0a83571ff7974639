"""``watchkeeper audit``: who changed what."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from watchkeeper.cli.asking import ApiUrl, AsJson, From, Output, Question, To, show
from watchkeeper.cli.moments import moment
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

_SHOWN = ("at", "key_name", "method", "path", "status")


def command(
    begin: From = "",
    end: To = "",
    key: Annotated[str, typer.Option(help="Only by the key of this name.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most rows.")] = 100,
    as_json: AsJson = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Writes through the API, the newest first; of the last 7 days unless told otherwise."""
    query = {
        "start": moment(begin, "--from").isoformat() if begin else "",
        "end": moment(end, "--to").isoformat() if end else "",
        "key": key,
        "limit": limit,
    }
    show(Settings.load(data_dir=data_dir), url, Question("/v1/audit", query), Output.of(as_json, False), _draw)


def _draw(answer: Any, console: Console) -> None:
    table = Table()
    for name in _SHOWN:
        table.add_column(name, overflow="fold", no_wrap=name == "at")
    for entry in answer:
        at = entry["at"][:19].replace("T", " ")
        table.add_row(at, *(str(entry[name]) for name in _SHOWN[1:]))
    console.print(table)
