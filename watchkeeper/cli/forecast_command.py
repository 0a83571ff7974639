"""``watchkeeper costs forecast``: what will have been spent."""

from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.answers.dollars import usd
from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, Output, Question, Where, conditions, show
from watchkeeper.cli.moments import moment
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

_SIDES = ("low_80_usd", "high_80_usd", "low_95_usd", "high_95_usd")


def command(
    until: Annotated[str, typer.Option(help="Up to this day or time; default: the end of this month.")] = "",
    zone: Annotated[str, typer.Option(help="Whose days and months, e.g. Europe/Berlin.")] = "UTC",
    where: Where = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """What will have been spent by the end of the month, with an interval; or what is missing to tell."""
    query = {"until": moment(until, "--until").isoformat() if until else "", "zone": zone, **conditions(where)}
    question = Question("/v1/costs/forecast", query)
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), _draw)


def _draw(answer: Any, console: Console) -> None:
    spent = "unknown" if answer["spent_usd"] is None else usd(Decimal(answer["spent_usd"]))
    console.print(f"Spent since {answer['start'][:16].replace('T', ' ')} UTC: {spent}")
    console.print(answer["summary"], style="bold", markup=False)
    if answer["days"]:
        console.print(_days(answer["days"]))
    for note in answer["notes"]:
        console.print(f"note: {note}", markup=False)


def _days(days: list[Any]) -> Table:
    table = Table("day")
    for name in ("expected", "sum", "80 % interval", "95 % interval"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in days:
        total = one["total"]
        low_80, high_80, low_95, high_95 = (usd(Decimal(total[side])) for side in _SIDES)
        expected = (usd(Decimal(amount)) for amount in (one["expected_usd"], total["expected_usd"]))
        table.add_row(one["day"], *expected, f"{low_80} to {high_80}", f"{low_95} to {high_95}")
    return table
