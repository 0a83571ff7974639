"""``watchkeeper calls``: search single calls, show a trace, write calls to a file."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from watchkeeper.choices import CallOrder
from watchkeeper.cli.asking import (
    ApiUrl,
    AsCsv,
    AsJson,
    From,
    Output,
    Period,
    Question,
    To,
    Where,
    api,
    conditions,
    show,
)
from watchkeeper.cli.moments import moment
from watchkeeper.cli.options import DataDir
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

_WIDEST = 100
_MEDIA = {
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.stream",
    ".csv": "text/csv",
}
_EXPORT = "/v1/calls/export"
Trace = Annotated[str, typer.Argument(help="Id of a trace (32 hex digits): shows all its calls.")]
Further = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        help="PARAMETER=VALUE: min_duration_ms, max_duration_ms, min_cost_usd, error_type, finish_reason, "
        "format_valid, response_id, conversation_id, has_fallback. May be repeated.",
    ),
]
Order = Annotated[CallOrder, typer.Option(help="The latest, longest or most expensive first.")]
Limit = Annotated[int, typer.Option(min=1, max=5_000, help="Most rows.")]
Export = Annotated[
    Path | None, typer.Option(help="Write all columns of all calls that fit to this .parquet, .arrow or .csv file.")
]


def command(
    trace: Trace = "",
    period: Period = "",
    begin: From = "",
    end: To = "",
    where: Where = None,
    further: Further = None,
    order: Order = CallOrder.TIME,
    limit: Limit = 20,
    export: Export = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Single calls that fit, the latest first; with an id, all calls of a trace. Never what was said in them.

    Without a period: the last 24 hours.
    """
    settings, output = Settings.load(data_dir=data_dir), Output.of(as_json, as_csv)
    if trace:
        if output is Output.CSV or export:
            raise ConfigError("a trace is shown as a table or with --json: leave --csv and --export out")
        show(settings, url, Question(f"/v1/calls/{trace}", {}), output, _draw_trace)
        return
    query = {
        "period": period,
        "start": moment(begin, "--from").isoformat() if begin else "",
        "end": moment(end, "--to").isoformat() if end else "",
        **conditions(where),
    }
    if export:
        if further:
            raise ConfigError("--with restricts a search, not an export: use --where, or leave --export out")
        _export(settings, url, query, export)
        return
    search = {**query, **_pairs(further), "order": str(order), "limit": limit}
    show(settings, url, Question("/v1/calls", search), output, _draw)


def _pairs(words: list[str] | None) -> dict[str, str]:
    pairs = dict(word.partition("=")[::2] for word in words or ())
    if missing := next((name for name, value in pairs.items() if not value), ""):
        raise ConfigError(f"--with {missing!r}: write PARAMETER=VALUE, such as min_duration_ms=5000")
    return pairs


def _export(settings: Settings, url: str, query: dict[str, Any], file: Path) -> None:
    media = _MEDIA.get(file.suffix)
    if media is None:
        raise ConfigError(f"--export {file}: name a file that ends in {', '.join(_MEDIA)}")
    question = Question(_EXPORT, query)
    with api(settings, url) as asked, asked.download(question.path, media, **question.sent) as pieces:
        try:
            with file.open("wb") as out:
                for piece in pieces:
                    out.write(piece)
        except OSError as error:
            raise ConfigError(f"cannot write {file}: {error.strerror}") from None
    typer.echo(f"{file}: {file.stat().st_size:,} bytes", err=True)


def _draw(answer: Any, console: Console) -> None:
    console.width = max(console.width, _WIDEST)
    console.print(_table(answer["rows"]))
    console.print(f"{_time(answer['start'], 16)} to {_time(answer['end'], 16)} UTC")
    if not answer["complete"]:
        console.print(f"calls from before {_time(answer['complete_since'], 16)} may be gone", style="yellow")
    if answer["next_cursor"]:
        console.print("there are more: choose a shorter period, --where, or a higher --limit")


def _draw_trace(answer: Any, console: Console) -> None:
    cost = "unknown" if answer["cost_usd"] is None else f"{Decimal(answer['cost_usd']):.6f}"
    console.print(f"trace {answer['trace_id']}: {len(answer['rows'])} calls, $ {cost}")
    console.width = max(console.width, _WIDEST)
    console.print(_table(answer["rows"]))
    for row in answer["rows"]:
        below = f" below {row['parent_call']}" if row["parent_call"] else ""
        reason = " ".join(filter(None, (row["outcome_reason"], row["error_type"])))
        console.print(f"{row['span_id']}{below}: {row['outcome']} ({reason})", markup=False)
        for score in row["scores"]:
            value = score["label"] if score["value"] is None else score["value"]
            console.print(f"  {score['source']}: {score['name']} = {value}", markup=False)


def _table(rows: Any) -> Table:
    table = Table(
        Column("begin (UTC), trace", no_wrap=True),
        Column("service/route, model", overflow="fold", ratio=1),
        Column("outcome", no_wrap=True),
        *(Column(name, justify="right", no_wrap=True) for name in ("s", "tokens", "$")),
        box=box.SIMPLE,
    )
    for row in rows:
        place = f"{row['service']}/{row['route']}"
        table.add_row(
            f"{_time(row['ts'], 19)}\n{row['trace_id']}",
            escape(f"{place}\n{row['model'] or row['request_model']}"),
            "(completes)" if row["completes_earlier_call"] else row["outcome"],
            f"{row['duration_ms'] / 1000:.2f}",
            f"{_count(row['input_tokens'])}+{_count(row['output_tokens'])}",
            "-" if row["cost_usd"] is None else f"{Decimal(row['cost_usd']):.4f}",
        )
    return table


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else str(tokens)


def _time(text: str, length: int) -> str:
    return text[:length].replace("T", " ")
