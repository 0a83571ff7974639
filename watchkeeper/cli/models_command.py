"""``watchkeeper models list`` and ``show``: what was asked for, what answered, how long it stays."""

from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from api.answers.dollars import usd
from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, From, Output, Period, Question, To, Where, conditions, show
from watchkeeper.cli.moments import moment
from watchkeeper.cli.options import DataDir
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

_WIDEST = 100
Limit = Annotated[int, typer.Option(min=1, max=1_000, help="Most rows.")]
Name = Annotated[str, typer.Argument(help="PROVIDER/MODEL as calls ask for it, e.g. openai/gpt-4o.")]


def list_models(
    period: Period = "",
    begin: From = "",
    end: To = "",
    where: Where = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Requested models: what answered for them and when, how long they stay, what they cost in 30 days."""
    query = {**_times(period, begin, end), "limit": limit, **conditions(where)}
    show(Settings.load(data_dir=data_dir), url, Question("/v1/models", query), Output.of(as_json, as_csv), _draw)


def show_model(
    name: Name,
    period: Period = "",
    begin: From = "",
    end: To = "",
    as_json: AsJson = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """One requested model: its served models, fingerprints, findings, end of life, and where it is used."""
    provider, slash, model = name.partition("/")
    if not slash or not model:
        raise ConfigError(f"{name!r} is no model: write PROVIDER/MODEL, such as openai/gpt-4o")
    question = Question(f"/v1/models/{quote(provider, safe='')}/{quote(model)}", _times(period, begin, end))
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, False), _draw_one)


def _times(period: str, begin: str, end: str) -> dict[str, str]:
    return {
        "period": period,
        "start": moment(begin, "--from").isoformat() if begin else "",
        "end": moment(end, "--to").isoformat() if end else "",
    }


def _draw(answer: Any, console: Console) -> None:
    table = Table(
        Column("requested", overflow="fold", ratio=2),
        Column("answered by, since", overflow="fold", ratio=3),
        Column("answers", justify="right", no_wrap=True),
        Column("$ in 30 d", justify="right", no_wrap=True),
        Column("ends", no_wrap=True),
    )
    for row in answer["rows"]:
        table.add_row(
            escape(f"{row['provider']}/{row['request_model']}"),
            _serving(row),
            f"{row['answers']:,}",
            _cost(row["cost_30d_usd"]),
            _ends(row["end_of_life"]),
        )
    console.width = max(console.width, _WIDEST)
    console.print(table)
    console.print(f"{_time(answer['start'])} to {_time(answer['end'])} UTC, from {', '.join(answer['source'])}")
    if not answer["complete"]:
        console.print(f"calls from before {_time(answer['complete_since'])} may be gone", style="yellow")
    if answer["next_cursor"]:
        console.print(f"more: --limit shows up to 1,000 (now {len(answer['rows'])})")


def _draw_one(answer: Any, console: Console) -> None:
    console.print(f"{answer['provider']}/{answer['request_model']}: {answer['answers']:,} answers", markup=False)
    console.width = max(console.width, _WIDEST)
    console.print(_spans("answered by", "model", answer["served"]))
    if answer["fingerprints"]:
        console.width = max(console.width, _WIDEST)
        console.print(_spans("fingerprint", "name", _named(answer["fingerprints"])))
    for one in answer["repoints"]:
        console.print(f"{_time(one['at'])}: {one['after']} took over from {one['before']}", markup=False)
    for one in answer["findings"]:
        until = f" until {_time(one['closed_at'])}" if one["closed_at"] else ""
        console.print(f"{one['id']} since {_time(one['since'])}{until}: {one['size']}", markup=False)
    for one in answer["end_of_life"]:
        console.print(f"{one['model']}: {_life(one)}", markup=False)
    routes = Table("used by", Column("calls", justify="right"), Column("$ in 30 d", justify="right"))
    for use in answer["routes_30d"]:
        routes.add_row(escape(f"{use['service']}/{use['route']}"), f"{use['calls']:,}", _cost(use["cost_usd"]))
    console.print(routes)


def _named(prints: Any) -> list[Any]:
    return [{**one, "name": f"{one['fingerprint']} of {one['model']}"} for one in prints]


def _spans(title: str, name: str, spans: Any) -> Table:
    table = Table(
        Column(title, overflow="fold", ratio=1),
        *(Column(word, no_wrap=True) for word in ("first seen", "last seen")),
        *(Column(word, justify="right", no_wrap=True) for word in ("answers", "share")),
    )
    for one in spans:
        times = (_time(one["first_seen"]), _time(one["last_seen"]))
        table.add_row(escape(one[name]), *times, f"{one['calls']:,}", f"{one['share']:.1%}")
    return table


def _serving(row: Any) -> str:
    since = {one["model"]: one["first_seen"] for one in row["served"]}
    told = [f"{escape(name)}, {_time(since[name])}" for name in row["serving_now"]]
    mixed = " [yellow](mixed)[/yellow]" if len(told) > 1 else ""
    return "; ".join(told) + mixed if told else "[yellow]nothing[/yellow]"


def _ends(lives: Any) -> str:
    dates = sorted(one["retirement_date"] for one in lives if one["retirement_date"])
    if dates:
        return f"[red]{dates[0]}[/red]"
    return "[yellow]deprecated[/yellow]" if lives else "-"


def _life(one: Any) -> str:
    told = []
    if one["retirement_date"]:
        told.append(f"retires on {one['retirement_date']} ({one['days_left']} days)")
    if one["deprecation_date"] or one["deprecated"]:
        told.append(f"deprecated {one['deprecation_date'] or ''}".strip())
    if one["replacement"]:
        told.append(f"replacement: {one['replacement']}")
    return ", ".join(told)


def _cost(amount: str | None) -> str:
    return "unknown" if amount is None else usd(Decimal(amount))


def _time(text: str) -> str:
    return text[:16].replace("T", " ")
