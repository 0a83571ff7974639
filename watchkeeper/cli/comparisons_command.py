"""``watchkeeper comparisons``: comparisons that recur."""

import json
import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from watchkeeper.choices import Recurrence
from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, Output, Period, Question, Where, api, show
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
from watchkeeper.cli.compare_command import draw
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

Name = Annotated[str, typer.Argument(help="Name of the comparison.")]
Every = Annotated[Recurrence, typer.Option(help="At the full hour, at midnight UTC, or on Mondays at midnight UTC.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="Results shown.")]


def list_comparisons(
    as_json: AsJson = False, as_csv: AsCsv = False, url: ApiUrl = "", data_dir: DataDir = None
) -> None:
    """Comparisons that recur, and how each stands."""
    question = Question("/v1/comparisons", {})
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), _draw_all)


def show_comparison(
    name: Name,
    limit: Limit = 20,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """What a comparison found, the latest first."""
    question = Question(f"{_path(name)}/results", {"limit": limit})
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), _draw_results)


def set_comparison(
    name: Name,
    baseline: Baseline = None,
    candidate: Candidate = None,
    every: Every = Recurrence.DAY,
    where: Where = None,
    period: Period = "",
    metric: Metrics = None,
    margin: Margins = None,
    level: Level = 0.05,
    steady: Steady = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Make a comparison that recurs, or change it as a whole; periods end when it is due."""
    request = request_of(Sides(baseline, candidate, where, period), Terms(metric, margin, level, steady))
    with api(Settings.load(data_dir=data_dir), url) as asked:
        made = asked.send("PUT", _path(name), {"every": every, "request": request})
    sys.stdout.write(json.dumps(made, indent=2) + "\n")


def run(name: Name, as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """Compare now; the result counts as one of its times."""
    with api(Settings.load(data_dir=data_dir), url) as asked:
        result = asked.send("POST", f"{_path(name)}/run")
    if as_json:
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    elif result["answer"]:
        draw(result["answer"], Console())
    else:
        typer.echo(result["sentence"])


def delete(name: Name, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """Remove a comparison; its results stay."""
    with api(Settings.load(data_dir=data_dir), url) as asked:
        asked.send("DELETE", _path(name))
    typer.echo(f"{name} is removed")


def _path(name: str) -> str:
    return f"/v1/comparisons/{quote(name, safe='')}"


def _draw_all(answer: Any, console: Console) -> None:
    table = Table("comparison", "every", "last", "verdict", "open", "what it says")
    for row in answer["rows"]:
        words = (row["last_verdict"] or "not run yet").replace("_", " ")
        is_open = "yes" if row["is_open"] else ""
        sentence = escape(row["last_sentence"] or "")
        table.add_row(escape(row["name"]), row["every"], _time(row["last_at"]), words, is_open, sentence)
    console.print(table)


def _draw_results(answer: Any, console: Console) -> None:
    table = Table("at (UTC)", "version", "verdict", "open", "what it says")
    for row in answer["rows"]:
        verdict, is_open = row["verdict"].replace("_", " "), "yes" if row["is_open"] else ""
        table.add_row(_time(row["scheduled_at"]), str(row["version"]), verdict, is_open, escape(row["sentence"]))
    console.print(table)
    if not answer["rows"]:
        console.print("it did not run yet")
    if answer["next_before"]:
        console.print("there is more: --limit shows up to 200")


def _time(text: str | None) -> str:
    return (text or "-")[:16].replace("T", " ")
