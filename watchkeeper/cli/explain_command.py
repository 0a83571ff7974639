"""``watchkeeper detectors explain``: what is known of one series."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from watchkeeper.cli.backtest_command import AsJson, CallFiles, Detector, Rules
from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import explain
else:
    explain = Late("watchkeeper.cli.explain")


def command(
    series: Annotated[str, typer.Argument(help="Its text, its id, or a part of the text that only one series has.")],
    calls: CallFiles = None,
    detector: Detector = None,
    rules: Rules = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Baselines, guards, statistics and distance to alarm of one series, as of the state saved last."""
    settings = Settings.load(detector=detector, detector_rules_file=rules, data_dir=data_dir)
    found = explain.explanation(settings, series, calls or ())
    explain.answer(found, as_json, Console())
