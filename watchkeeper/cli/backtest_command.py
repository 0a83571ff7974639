"""``watchkeeper backtest``: the detectors over a file or over stored history."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from detectors.detector_names import DETECTORS
from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import backtest
else:
    backtest = Late("watchkeeper.cli.backtest")

CallFiles = Annotated[
    list[Path] | None, typer.Option("--calls", help="Parquet file of calls, or a directory of such; may be repeated.")
]
Begin = Annotated[str, typer.Option("--from", help="First day or time of stored calls, e.g. 2026-01-01 (UTC).")]
End = Annotated[str, typer.Option("--to", help="Up to this day or time; default: now.")]
Detector = Annotated[str | None, typer.Option(help=f"Which detector decides: {', '.join(DETECTORS)}.")]
Rules = Annotated[Path | None, typer.Option(help="Your rules for routes and metrics (YAML).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def command(
    calls: CallFiles = None,
    begin: Begin = "",
    end: End = "",
    detector: Detector = None,
    rules: Rules = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """What the detectors would have reported of a file or of stored calls, when, and why.

    Exit code 0: quiet; 2: somebody would have been paged; 3: too few calls to tell; 1: an error.
    """
    settings = Settings.load(detector=detector, detector_rules_file=rules, data_dir=data_dir)
    result, past = backtest.run(settings, backtest.Source(tuple(calls or ()), begin, end))
    raise typer.Exit(backtest.answer(result, past, as_json, Console()))
