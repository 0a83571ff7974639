"""``watchkeeper budgets``: limits on spending, and how each stands."""

import json
import sys
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.answers.dollars import usd
from watchkeeper.choices import BudgetPeriod
from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, Output, Question, Where, api, conditions, show
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

Name = Annotated[str, typer.Argument(help="Name of the budget.")]
_PAGE = 200


def list_budgets(as_json: AsJson = False, as_csv: AsCsv = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """All budgets and how they stand."""
    question = Question("/v1/budgets", {"limit": _PAGE})
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), _draw_all)


def show_budget(name: Name, as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """One budget: what it limits, what is spent, what is expected."""
    question = Question(_path(name), {})
    show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, False), _draw_one)


def set_budget(
    name: Name,
    limit: Annotated[str, typer.Option(help="Dollars a period, e.g. 500 or 0.25.")],
    period: Annotated[BudgetPeriod, typer.Option(help="What the limit is for.")] = BudgetPeriod.MONTH,
    zone: Annotated[str, typer.Option(help="Whose days, weeks and months, e.g. Europe/Berlin.")] = "UTC",
    warn: Annotated[
        list[int] | None, typer.Option(help="Percent of the limit; may be repeated. Default: 50, 80 and 100.")
    ] = None,
    where: Where = None,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Make a budget, or change it as a whole."""
    body = {"limit_usd": limit, "period": period, "time_zone": zone, "scope": conditions(where)}
    with api(Settings.load(data_dir=data_dir), url) as asked:
        made = asked.send("PUT", _path(name), {**body, **({"warn_percent": warn} if warn else {})})
    sys.stdout.write(json.dumps(made, indent=2) + "\n")


def remove(name: Name, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """Remove a budget; what it was stays known."""
    with api(Settings.load(data_dir=data_dir), url) as asked:
        asked.send("DELETE", _path(name))
    typer.echo(f"{name} is removed")


def _path(name: str) -> str:
    return f"/v1/budgets/{quote(name, safe='')}"


def _draw_all(answer: Any, console: Console) -> None:
    table = Table("budget", "scope")
    for name in ("limit", "spent", "share", "expected", "chance above"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in answer["rows"]:
        budget, status = row["budget"], row["status"]
        limit = f"{usd(Decimal(budget['limit_usd']))} a {budget['period']}"
        expected = _money(status["expected"] and status["expected"]["expected_usd"])
        shares = _percent(status["share"]), expected, _percent(status["chance_above_limit"])
        table.add_row(escape(budget["name"]), escape(_scope(budget)), limit, _money(status["spent_usd"]), *shares)
    console.print(table)
    if answer["next_cursor"]:
        console.print(f"These are the first {_PAGE}; the API pages on.")


def _draw_one(answer: Any, console: Console) -> None:
    budget, status = answer["budget"], answer["status"]
    limit = f"{usd(Decimal(budget['limit_usd']))} a {budget['period']} ({budget['time_zone']})"
    lines = {
        "budget": f"{budget['name']}, version {budget['version']} by {budget['changed_by']}",
        "scope": _scope(budget),
        "limit": f"{limit}, warns at {', '.join(f'{percent} %' for percent in budget['warn_percent'])}",
        "period": " to ".join(status[side][:16].replace("T", " ") for side in ("period_start", "period_end")) + " UTC",
        "spent": f"{_money(status['spent_usd'])} ({_percent(status['share'])} of the limit)",
        "expected": _expected(status["expected"]),
        "chance above": _percent(status["chance_above_limit"]),
        "limit reached": (status["limit_at"] or "not in this period, as far as can be told")[:42],
    }
    for name, text in lines.items():
        console.print(f"{name:14} {text}", markup=False)
    for note in status["notes"]:
        console.print(f"note: {note}", markup=False)


def _expected(found: Any) -> str:
    if not found:
        return "cannot tell"
    low, high = _money(found["low_80_usd"]), _money(found["high_80_usd"])
    return f"{_money(found['expected_usd'])}, with 80 % certainty between {low} and {high}"


def _scope(budget: Any) -> str:
    words = (f"{column}={'|'.join(values)}" for column, values in budget["scope"].items())
    return " ".join(words) or "all calls"


def _money(amount: str | None) -> str:
    return "unknown" if amount is None else usd(Decimal(amount))


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.0%}"
