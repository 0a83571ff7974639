"""``watchkeeper detectors simulate``: the calibration on one's own traffic."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from watchkeeper.cli.backtest_command import AsJson, CallFiles, Detector, Rules
from watchkeeper.cli.late import Late
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import simulate
else:
    simulate = Late("watchkeeper.cli.simulate")


def command(
    calls: CallFiles = None,
    rate: Annotated[str, typer.Option(help="Made-up traffic of each series, e.g. 100/h or 2/s.")] = "",
    base: Annotated[float, typer.Option(min=0, max=1, help="Its usual share of errors.")] = 0.01,
    series: Annotated[int, typer.Option(min=1, max=1_000, help="Its number of series.")] = 10,
    days: Annotated[float, typer.Option(min=0.1, max=366, help="Longest time that a run simulates.")] = 28.0,
    runs: Annotated[int, typer.Option(min=1, max=100_000, help="Most runs.")] = 1_000,
    minutes: Annotated[float, typer.Option(min=0, help="Begin no run after so long.")] = 2.0,
    seed: Annotated[int, typer.Option(min=0, help="Another one draws other runs.")] = 1,
    detector: Detector = None,
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """How often the detectors alarm while nothing changes, and how soon when it does, on traffic like yours.

    Run n depends on the seed and n alone; how many there are in the time given depends on the machine.
    """
    settings = Settings.load(detector=detector, detector_rules_file=rules)
    traffic = simulate.of_files(calls, days) if calls else simulate.of_rate(rate, base, series, days)
    result = simulate.run(settings, traffic, simulate.Effort(seed, runs, minutes))
    simulate.answer(result, as_json, Console())
