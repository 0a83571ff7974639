"""The calibration on one's own traffic, and how ``watchkeeper detectors simulate`` prints it."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from detectors.calls_file import read_calls
from detectors.resample import made_up, resampled
from detectors.simulate import Calibration, Traffic, calibrate
from watchkeeper.cli.backtest import chosen_config
from watchkeeper.cli.backtest_json import plain
from watchkeeper.cli.progress import progress_bar
from watchkeeper.clock import SystemClock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

_RATE = re.compile(r"^(\d+(?:\.\d+)?)/(s|min|h|d)$")
_PER_HOUR = {"s": 3_600.0, "min": 60.0, "h": 1.0, "d": 1 / 24}
_MOST_CALLS = 20_000
"""Calls of one run, so that a run ends before the patience of whoever waits."""
_LEAST_HOURS = 2
_US_AN_HOUR = 3.6e9


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is simulated: run n depends on ``seed`` and n alone; none begins after so many minutes."""

    seed: int
    runs: int
    minutes: float


def run(settings: Settings, traffic: Traffic, effort: Effort) -> Calibration:
    """What the detectors of ``settings`` do on ``traffic``. Raises :class:`ConfigError` for wrong settings."""
    config, clock = chosen_config(settings), SystemClock()
    begun = clock.monotonic()
    with progress_bar("seconds", effort.minutes * 60) as advance:
        told = 0.0

        def go_on() -> bool:
            nonlocal told
            spent = clock.monotonic() - begun
            advance(spent - told)
            told = spent
            return spent < effort.minutes * 60

        return calibrate(config, traffic, effort.seed, effort.runs, go_on)


def answer(result: Calibration, as_object: bool, console: Console) -> None:
    """Print it."""
    if as_object:
        console.file.write(plain(_as_json(result)) + "\n")
    else:
        _print(result, console)


def of_files(calls: Sequence[Path], days: float) -> Traffic:
    """Traffic like that of the calls in files."""
    found = read_calls(calls)
    for note in found.notes:
        typer.echo(f"watchkeeper: {note}", err=True)
    times = found.calls["ts"]
    covered = max(1.0, (times[-1].value - times[0].value) / _US_AN_HOUR)
    hours = _hours(days, found.calls.num_rows / covered)
    return partial(resampled, found.calls, hours)


def of_rate(rate: str, base: float, series: int, days: float) -> Traffic:
    """Made-up traffic of ``rate`` a series. Raises :class:`ConfigError` for what is no rate."""
    found = _RATE.match(rate.strip())
    if found is None or not float(found[1]):
        raise ConfigError(
            f"--rate is {rate!r}: write calls per s, min, h or d such as 100/h, or give --calls FILE.parquet"
        )
    per_hour = float(found[1]) * _PER_HOUR[found[2]]
    return partial(made_up, per_hour, base, series, _hours(days, per_hour * series))


def _hours(days: float, per_hour: float) -> int:
    """How long a run is: ``days``, or as long as it takes to get enough calls."""
    return max(_LEAST_HOURS, round(min(days * 24, _MOST_CALLS / per_hour)))


def _as_json(result: Calibration) -> dict[str, Any]:
    alarms = result.false_alarms
    rate, low, high = alarms.rate
    return {
        "runs": result.runs,
        "calls": result.calls,
        "false_alarms": {**asdict(alarms), "per_30_series_days": rate, "low": low, "high": high},
        "changes": [
            {
                "name": one.name,
                "series": one.series,
                "found": one.share if one.series else None,
                "median_delay_s": median(one.delays_s) if one.delays_s else None,
                "median_delay_calls": median(one.delays_calls) if one.delays_calls else None,
            }
            for one in result.found
        ],
    }


def _print(result: Calibration, console: Console) -> None:
    alarms = result.false_alarms
    rate, low, high = alarms.rate
    console.print(f"{result.runs} runs, {result.calls:,} calls", highlight=False)
    console.print(
        f"while nothing changed: {alarms.alarms} alarms ({alarms.pages} pages) in {alarms.series_days:,.0f} "
        f"series-days, {rate:.3g} per 30 series-days (95 %: {low:.2g} to {high:.2g})",
        highlight=False,
    )
    table = Table("change", "series", "found", "median delay", "in calls")
    for one in result.found:
        delay = f"{median(one.delays_s) / 3600:.1f} h" if one.delays_s else "–"
        in_calls = f"{median(one.delays_calls):,.0f}" if one.delays_calls else "–"
        found = f"{one.share:.0%}" if one.series else "not run"
        table.add_row(one.name, str(one.series), found, delay, in_calls)
    console.print(table)
