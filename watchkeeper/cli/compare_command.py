"""``watchkeeper compare``: two cohorts of stored calls, for people and for pipelines."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, Output, Period, Question, Where, show
from watchkeeper.cli.cohort_options import (
    Baseline,
    Candidate,
    Level,
    Margins,
    Metrics,
    Sides,
    Steady,
    Terms,
    request_of,
)
from watchkeeper.cli.options import DataDir
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

_STYLES = {"better": "green", "not_worse": "green", "worse": "red", "cannot_tell": "yellow"}
_CODES = {"better": 0, "not_worse": 0, "worse": 1, "cannot_tell": 2}
_WIDEST = 110
Gate = Annotated[bool, typer.Option("--gate", help="Exit code 0: better or not worse; 1: worse; 2: cannot tell.")]
Body = Annotated[Path | None, typer.Option(help="JSON file with the whole request; instead of the other options.")]


def command(
    baseline: Baseline = None,
    candidate: Candidate = None,
    where: Where = None,
    period: Period = "",
    metric: Metrics = None,
    margin: Margins = None,
    level: Level = 0.05,
    steady: Steady = False,
    body: Body = None,
    gate: Gate = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Two cohorts of calls by metric: better, not worse, worse, or cannot tell.

    For example --baseline request_model=gpt-4o --candidate request_model=gpt-4o-mini --where route=checkout. With
    --gate the exit code is the verdict: 0 better or not worse, 1 worse, 2 cannot tell; whatever is wrong is 3, with or
    without it.
    """
    if body is not None and (baseline or candidate or where or metric or margin):
        raise ConfigError("--body holds the whole request: leave the other options out")
    sides, terms = Sides(baseline, candidate, where, period), Terms(metric, margin, level, steady)
    asked = _read(body) if body is not None else json.dumps(request_of(sides, terms)).encode()
    question = Question("/v1/compare", {}, asked)
    answer = show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), draw)
    if gate:
        raise typer.Exit(_CODES.get(answer.get("verdict", ""), _CODES["cannot_tell"]))


def draw(answer: Any, console: Console) -> None:
    """An answer of ``POST /v1/compare`` for people."""
    console.print(escape(answer["sentence"]), style=f"bold {_STYLES[answer['verdict']]}")
    for side in ("baseline", "candidate"):
        console.print(f"{side:9} {_cohort(answer[side])}", markup=False)
    if answer["rows"]:
        console.width = max(console.width, _WIDEST)
        console.print(_table(answer["rows"]))
    for row in answer["rows"]:
        if row["verdict"] == "cannot_tell":
            needed = f" (about {row['calls_needed']:,} calls needed)" if row["calls_needed"] else ""
            console.print(f"{row['metric']}: {row['reason']}{needed}", markup=False)
    for caveat in answer["caveats"]:
        console.print(f"note: {caveat}", markup=False)


def _cohort(side: Any) -> str:
    words = " ".join(f"{column}={'|'.join(values)}" for column, values in side["where"].items()) or "all calls"
    start, end = (side[name][:16].replace("T", " ") for name in ("start", "end"))
    return f"{words}, {start} to {end} UTC: {side['calls']:,} calls"


def _table(rows: list[Any]) -> Table:
    table = Table("metric")
    for name in ("baseline", "candidate", "difference", "interval", "margin", "calls"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        levels = (_level(row, row[side]) for side in ("baseline", "candidate"))
        interval = "" if row["low"] is None else f"{_amount(row, row['low'])} .. {_amount(row, row['high'])}"
        calls = f"{row['baseline_calls']:,} / {row['candidate_calls']:,}"
        verdict = f"[{_STYLES[row['verdict']]}]{row['verdict'].replace('_', ' ')}[/]"
        shown = (_amount(row, row["difference"]), interval, _amount(row, row["margin"]), calls, verdict)
        table.add_row(escape(row["metric"]), *levels, *shown)
    return table


def _level(row: Any, value: float | None) -> str:
    if value is None:
        return "?"
    if row["unit"] == "percentage_points":
        return f"{value:.2%}"
    unit = "$" if row["metric"].startswith("cost") else ""
    return f"{unit}{value:.3g}"


def _amount(row: Any, value: float | None) -> str:
    if value is None:
        return "?"
    if row["unit"] == "ratio":
        return f"x{value:.3g}"
    return f"{value:+.2f}{' pp' if row['unit'] == 'percentage_points' else ''}"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"--body {file} cannot be read: {error.strerror}") from None
