"""``watchkeeper costs``: what calls cost, as ``GET /v1/costs`` answers."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.answers.dollars import usd
from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, From, Output, Period, Question, To, Where, conditions, show
from watchkeeper.cli.moments import moment
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

By = Annotated[
    list[str] | None,
    typer.Option(help="Group by this dimension, e.g. model, route, tenant, tag:NAME; repeated or with commas."),
]
Interval = Annotated[str, typer.Option(help="One row for each 1h, 6h, 1d, 1w or 1mo.")]
Caching = Annotated[bool, typer.Option("--caching", help="Also what the cache saved and could still save.")]
Retries = Annotated[bool, typer.Option("--retries", help="Also answers that a retry replaced; reads single calls.")]
Limit = Annotated[int, typer.Option(min=1, max=50_000, help="Rows on a page.")]
Cursor = Annotated[str, typer.Option(help="next_cursor of the page before.")]


def command(
    by: By = None,
    period: Period = "",
    interval: Interval = "",
    begin: From = "",
    end: To = "",
    where: Where = None,
    caching: Caching = False,
    retries: Retries = False,
    limit: Limit = 1_000,
    cursor: Cursor = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """What calls cost, by any of their dimensions: parts, unit costs, waste, caching. Without a period: 7 days."""
    query = {
        "group_by": by,
        "period": period,
        "interval": interval,
        "start": moment(begin, "--from").isoformat() if begin else "",
        "end": moment(end, "--to").isoformat() if end else "",
        "include": [name for name, wanted in (("caching", caching), ("retries", retries)) if wanted],
        "limit": limit,
        "cursor": cursor,
        **conditions(where),
    }
    question = Question("/v1/costs", query)
    draw = partial(_draw, always=("calls", *(_CACHING if caching else ())))
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), draw)


def _draw(answer: Any, console: Console, always: Sequence[str]) -> None:
    # Narrower, the names would be cut, without which the numbers say nothing.
    console.width = max(console.width, _WIDEST)
    console.print(_table(answer["rows"], answer["totals"], always))
    for note in _notes(answer):
        console.print(note, markup=False)


def _table(rows: Sequence[Any], totals: Mapping[str, Any], always: Sequence[str]) -> Table:
    labels = _labels(rows)
    shown = [name for name in _NUMBERS if name in always or name not in _RARE or any(row[name] for row in rows)]
    table = Table()
    for name in labels:
        table.add_column(name, no_wrap=name == _BEGINS, overflow="fold")
    for name in shown:
        table.add_column(_NUMBERS[name], justify="right", no_wrap=True)
    for place, row in enumerate(rows):
        words = (values[place] for values in labels.values())
        table.add_row(*words, *(_number(name, row[name]) for name in shown))
    table.add_section()
    first = ["all", *("" for _ in labels)][: len(labels)]
    table.add_row(*first, *(_number(name, totals[name]) for name in shown), style="bold")
    return table


def _labels(rows: Sequence[Any]) -> dict[str, list[str]]:
    """What the rows are about, in columns."""
    labels: dict[str, list[str]] = {}
    if rows and rows[0]["interval"]:
        by_day = all(row["interval"].endswith("T00:00:00Z") for row in rows)
        labels[_BEGINS] = [row["interval"][: 10 if by_day else 16].replace("T", " ") for row in rows]
    for name in rows[0]["group"] if rows else ():
        labels[name] = [escape(row["group"][name]) or "-" for row in rows]
    return labels


_NUMBERS = {
    "calls": "calls",
    "cost_usd": "cost",
    "cost_per_call_usd": "a call",
    "cost_per_successful_call_usd": "a success",
    "cost_per_1000_tokens_usd": "1k tokens",
    "wasted_share": "wasted",
    "cache_hit_share": "cached",
    "cache_savings_usd": "saved",
    "cache_could_save_usd": "could save",
    "unpriced_calls": "unpriced",
}
_WIDEST = 110
_BEGINS = "UTC from"
_CACHING = ("cache_savings_usd", "cache_could_save_usd")
_RARE = (*_CACHING, "unpriced_calls")
"""Shown where a row has one."""


def _number(name: str, value: Any) -> str:
    if value is None:
        return "?"
    if name.endswith("_usd"):
        return usd(Decimal(value))
    return f"{value:.1%}" if name.endswith("_share") else f"{value:,}"


def _notes(answer: Mapping[str, Any]) -> list[str]:
    totals = answer["totals"]
    start, end = (answer[name][:16].replace("T", " ") for name in ("start", "end"))
    notes = [f"{start} to {end} UTC, from {', '.join(answer['source'])}"]
    if totals["unpriced_calls"]:
        notes.append(
            f"{totals['unpriced_calls']:,} calls have tokens but no price: they are in no sum (docs/pricing.md)"
        )
    if totals["calls_without_usage"]:
        notes.append(f"{totals['calls_without_usage']:,} calls told no tokens, failures for the most part")
    if not answer["complete"]:
        notes.append(f"not the whole period: calls before {answer['complete_since'][:16]} may be gone")
    if totals["wasted"]:
        parts = sorted(totals["wasted"].items(), key=lambda part: -Decimal(part[1]))
        told = ", ".join(f"{reason.replace('_', ' ')} {usd(Decimal(amount))}" for reason, amount in parts)
        notes.append(f"wasted {usd(Decimal(totals['wasted_usd']))}: {told}")
    if answer["next_cursor"]:
        notes.append(f"{answer['groups']:,} rows in all; the next page: --cursor {answer['next_cursor']}")
    return notes
