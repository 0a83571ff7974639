"""``watchkeeper costs drivers``: why cost moved."""

from decimal import Decimal
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

_SLICES = 10
Versus = Annotated[str, typer.Option(help="The other period; default: equally long, just before.")]
VersusFrom = Annotated[str, typer.Option("--versus-from", help="Instead: it begins at this time.")]
VersusTo = Annotated[str, typer.Option("--versus-to", help="It ends at this time; default: the begin of the period.")]


def command(
    period: Period = "",
    versus: Versus = "",
    versus_begin: VersusFrom = "",
    versus_end: VersusTo = "",
    begin: From = "",
    end: To = "",
    where: Where = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Why cost moved between two periods: volume, mix, lengths, caching, prices, waste; they add up exactly.

    Without a period: the last 7 days against the 7 days before.
    """
    query = {
        "period": period,
        "start": moment(begin, "--from").isoformat() if begin else "",
        "end": moment(end, "--to").isoformat() if end else "",
        "versus": versus,
        "versus_start": moment(versus_begin, "--versus-from").isoformat() if versus_begin else "",
        "versus_end": moment(versus_end, "--versus-to").isoformat() if versus_end else "",
        **conditions(where),
    }
    question = Question("/v1/costs/drivers", query)
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), _draw)


def _draw(answer: Any, console: Console) -> None:
    for name in ("versus", "period"):
        one = answer[name]
        cost = "unknown" if one["cost_usd"] is None else usd(Decimal(one["cost_usd"]))
        times = " to ".join(one[side][:16].replace("T", " ") for side in ("start", "end"))
        console.print(f"{times} UTC: {cost}, {one['calls']:,} calls, {one['unpriced_calls']:,} of them without a price")
    console.print(answer["summary"], style="bold", markup=False)
    if answer["drivers"]:
        console.print(_drivers([one for one in answer["drivers"] if not one["is_negligible"]]))
        idle = ", ".join(one["driver"].replace("_", " ") for one in answer["drivers"] if one["is_negligible"])
        if idle:
            console.print(f"No part in it: {idle}")
        console.print(_slices(answer["slices"][:_SLICES]))
    for note in answer["notes"]:
        console.print(f"note: {note}", markup=False)


def _drivers(drivers: list[Any]) -> Table:
    table = Table()
    table.add_column("driver", no_wrap=True)
    table.add_column("amount", justify="right", no_wrap=True)
    table.add_column("why")
    for one in drivers:
        table.add_row(one["driver"].replace("_", " "), _signed(one["amount_usd"]), escape(one["sentence"]))
    return table


def _slices(slices: list[Any]) -> Table:
    table = Table("service", "route", "provider", "model", title="what moved most")
    for name in ("before", "after", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in slices:
        names = (escape(one[name]) for name in ("service", "route", "provider", "model"))
        costs = (_cost(one[name]) for name in ("before_usd", "after_usd"))
        moved = "unknown" if one["difference_usd"] is None else _signed(one["difference_usd"])
        table.add_row(*names, *costs, moved)
    return table


def _cost(amount: str | None) -> str:
    return "unknown" if amount is None else usd(Decimal(amount))


def _signed(amount: str) -> str:
    value = Decimal(amount)
    return f"{'-' if value < 0 else '+' if value else ''}{usd(abs(value))}"
