"""``watchkeeper health``: how each series fares, or how one did over time."""

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, From, Output, Period, Question, To, Where, conditions, show
from watchkeeper.cli.late import Late
from watchkeeper.cli.moments import moment
from watchkeeper.cli.options import DataDir
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import detector_views
else:
    detector_views = Late("watchkeeper.cli.detector_views")

_STYLES = {"fine": "green", "regressed": "red", "cannot_tell": "yellow"}
_CLASSES = {"real_time": "< 0.5 s", "interactive": "< 2 s", "near_real_time": "< 10 s", "batch": "batch"}
_FIGURES = ("calls", "not ok", "p50 s", "p95 s", "ttft s", "tok/s", "$/call", "class")
_WIDEST = 100
_MOST_REASONS = 5
Series = Annotated[
    str, typer.Argument(help="Id of a series, or its begin, as this and regressions tell it: shows its history.")
]
By = Annotated[
    str, typer.Option(help="Coarser than series: dimensions with commas, such as model or service,environment.")
]
Interval = Annotated[str, typer.Option(help="Of a history: 1m, 5m, 15m, 1h, 6h or 1d.")]
Limit = Annotated[int, typer.Option(min=1, max=5_000, help="Most rows.")]


def command(
    series: Series = "",
    period: Period = "",
    begin: From = "",
    end: To = "",
    by: By = "",
    interval: Interval = "",
    where: Where = None,
    limit: Limit = 50,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """How each series fares: traffic, failures, times, cost, what is open. With an id: how that series did.

    Without a period: the last 24 hours, of a history the last 7 days.
    """
    times = {
        "period": period,
        "start": moment(begin, "--from").isoformat() if begin else "",
        "end": moment(end, "--to").isoformat() if end else "",
    }
    if series:
        _refuse({"--by": by, "--where": where})
        question = Question(f"/v1/series/{quote(series, safe='')}/history", {**times, "interval": interval})
    else:
        _refuse({"--interval": interval})
        query = {**times, "by": by, "limit": limit, **conditions(where)}
        question = Question("/v1/health", query, views=detector_views.detector_views)
    draw = _draw_history if series else _draw
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), draw)


def _refuse(given: dict[str, Any]) -> None:
    for name, value in given.items():
        if value:
            raise ConfigError(
                f"{name} does not go with this: --interval is for the history of one series, --by and --where for many"
            )


def _draw(answer: Any, console: Console) -> None:
    table = _table("series" if answer["rows"] and answer["rows"][0]["series_id"] else "group", "state")
    for row in answer["rows"]:
        style = _STYLES[row["state"]]
        name = "\n".join(filter(None, (_name(row["group"]), row["series_id"])))
        table.add_row(name, *_figures(row), f"[{style}]{row['state'].replace('_', ' ')}[/{style}]")
    _print(table, answer, console)
    _print_why(answer["rows"], console)
    for row in answer["rows"]:
        for item in row["regressions"]:
            name = escape(" ".join(filter(None, row["group"].values())))
            console.print(f"{item['id']} {name}: {_open(item)}: {escape(item['size'])}")
    if not answer["rows"]:
        console.print("no calls in this period")
    if answer["next_cursor"]:
        console.print(f"more: --limit shows up to 5,000 (now {len(answer['rows'])})")


def _print_why(rows: Any, console: Console) -> None:
    """Why nothing can be told of some, what most have in common first."""
    reasons = Counter(row["state_reason"] for row in rows if row["state"] == "cannot_tell")
    for reason, count in reasons.most_common(_MOST_REASONS):
        console.print(f"cannot tell of {count:,}: {reason}", style="yellow", markup=False, highlight=False)
    if len(reasons) > _MOST_REASONS:
        console.print(f"… and {len(reasons) - _MOST_REASONS} more reasons: --json has all of them")


def _draw_history(answer: Any, console: Console) -> None:
    group = {name: answer[name] for name in ("service", "route", "provider", "request_model", "model")}
    console.print(f"{_name(group)}\n{answer['series_id']}", highlight=False)
    table = _table("from (UTC)")
    for row in answer["rows"]:
        table.add_row(_time(row["start"]), *_figures(row))
    _print(table, answer, console)
    for item in answer["regressions"]:
        until = f" until {_time(item['closed_at'])}" if item["closed_at"] else ""
        console.print(f"{item['id']} {_open(item)}{until}: {escape(item['size'])}")
    if answer["regressions_truncated"]:
        console.print("there may be more regressions: `watchkeeper regressions list` has all of them")


def _open(item: Any) -> str:
    return f"{escape(item['metric'])} since {_time(item['since'])}"


def _table(first: str, *last: str) -> Table:
    figures = [Column(name, justify="right", no_wrap=True) for name in _FIGURES]
    further = [Column(name, no_wrap=True) for name in last]
    return Table(Column(first, overflow="fold", ratio=1), *figures, *further, box=box.SIMPLE, padding=(0, 0))


def _print(table: Table, answer: Any, console: Console) -> None:
    console.width = max(console.width, _WIDEST)
    console.print(table)
    console.print(f"{_time(answer['start'])} to {_time(answer['end'])} UTC, from {', '.join(answer['source'])}")
    if not answer["complete"]:
        console.print(f"calls from before {_time(answer['complete_since'])} may be gone", style="yellow")


def _figures(row: Any) -> tuple[str, ...]:
    latency, bad = row["latency"], row["rates"]["ok"]
    return (
        f"{row['calls']:,}",
        "-" if bad["rate"] is None else f"{1 - bad['rate']:.1%}",
        _seconds(latency["p50_ms"]),
        _seconds(latency["p95_ms"]),
        _seconds(row["ttft"]["p95_ms"]),
        _number(row["output_tokens_per_s"]["p50"]),
        "-" if row["cost_per_call_usd"] is None else f"{Decimal(row['cost_per_call_usd']):.4f}",
        "?" if row["latency_class"] is None else _CLASSES[row["latency_class"]],
    )


def _name(group: dict[str, str]) -> str:
    """Where, what was asked for, and what answered, a line each; other dimensions as they are."""
    rest = dict(group)
    place = "/".join(filter(None, (rest.pop("service", ""), rest.pop("route", ""))))
    asked, served = rest.pop("request_model", ""), rest.pop("model", "")
    model = "/".join(filter(None, (rest.pop("provider", ""), asked or served)))
    answers = f"-> {served}" if asked and served not in ("", asked) else ""
    return escape("\n".join(filter(None, (place, model, answers, *rest.values())))) or "-"


def _seconds(ms: float | None) -> str:
    return "-" if ms is None else f"{ms / 1000:.2f}" if ms < 100_000 else f"{ms / 1000:.0f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _time(text: str) -> str:
    return text[:16].replace("T", " ")
