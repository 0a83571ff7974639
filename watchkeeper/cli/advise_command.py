"""``watchkeeper advise``: stay, re-route or migrate, route by route."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, Output, Period, Question, show
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

_STYLES = {"stay": "green", "re_route": "red", "migrate": "yellow"}
_MOST_SHOWN = 12
"""Candidates of one route."""
_MARKS = {"fits": "fits", "unknown": "not known", "rejected": "no"}


def command(
    route: Annotated[str, typer.Option(help="One route, with everything that was considered.")] = "",
    period: Period = "",
    min_saving_usd: Annotated[str, typer.Option(help="Dollars a month; less is minor. Default: 50.")] = "",
    min_saving_share: Annotated[float | None, typer.Option(help="Of today's cost; default: 0.1.")] = None,
    max_payback_months: Annotated[float | None, typer.Option(help="Default: 12.")] = None,
    day_usd: Annotated[str, typer.Option(help="What a day of work costs; default: 800.")] = "",
    notice_days: Annotated[
        int | None, typer.Option(help="A model that ends sooner needs a plan; default: 180.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=25, help="Most routes, the dearest first.")] = 10,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Per route: stay, re-route or migrate, with the evidence, what it saves and the next step.

    Of the calls of the last 30 days unless told otherwise.
    """
    query = {
        "route": route,
        "period": period,
        "min_saving_usd": min_saving_usd,
        "min_saving_share": min_saving_share,
        "max_payback_months": max_payback_months,
        "day_usd": day_usd,
        "notice_days": notice_days,
        "limit": limit,
    }
    draw = _draw_one if route else _draw_all
    show(Settings.load(data_dir=data_dir), url, Question("/v1/advice", query), Output.of(as_json, as_csv), draw)


def _draw_all(answer: Any, console: Console) -> None:
    table = Table("route")
    for name in ("now", "advice", "to", "evidence"):
        table.add_column(name, overflow="fold")
    table.add_column("$ a month", justify="right", no_wrap=True)
    table.add_column("saves", justify="right", no_wrap=True)
    for row in answer["rows"]:
        style = _STYLES[row["decision"]]
        advice = f"[{style}]{_words(row['decision'])}{' (test first)' if row['trial'] else ''}[/{style}]"
        told = (_model(row["current"]), _model(row["target"]), _words(row["evidence"] or "-"))
        now, to, evidence = map(escape, told)
        saves = _money(row["saving"] and row["saving"]["usd"]) if row["target"] else "-"
        table.add_row(escape(row["route"]), now, advice, to, evidence, _money(row["monthly_usd"]), saves)
    console.print(table)
    for row in answer["rows"]:
        console.print(f"{row['route']}: {row['why']}", markup=False, highlight=False)
    if answer["next_cursor"]:
        console.print(f"These are the first {len(answer['rows'])} of {answer['total']}; --limit shows more.")


def _draw_one(answer: Any, console: Console) -> None:
    (row,) = answer["rows"]
    for name, text in _lines(row):
        # Not wrapped: the command is there to be copied.
        console.print(f"{name:12} {text}", markup=False, highlight=False, soft_wrap=True)
    if row["considered"]:
        console.print(_candidates(row["considered"]))
    if len(row["considered"]) > _MOST_SHOWN:
        console.print(f"These are {_MOST_SHOWN} of {len(row['considered'])}; --json has all.")
    for why, models in row["left_out"].items():
        console.print(f"left out of the catalogue: {models} ({_words(why)})", markup=False, highlight=False)


def _lines(row: Any) -> Iterator[tuple[str, str]]:
    yield "route", row["route"]
    yield "advice", _words(row["decision"]) + (" (test first)" if row["trial"] else "")
    yield "why", row["why"]
    yield "now", f"{_model(row['current'])}, {_money(row['monthly_usd'])} a month, {row['calls']:,} calls"
    if row["target"]:
        yield "to", f"{_model(row['target'])} ({_words(row['evidence'])})"
        yield "saves", _saving(row["saving"])
        if row["decision"] != "re_route":
            yield "takes", _effort(row["effort"])
    if row["trial"]:
        yield "test", _trial(row["trial"])
    if row["move_back"]:
        yield "back", row["move_back"]
    yield from (("risk", text) for text in row["risks"])
    yield from (("not known", text) for text in row["unknown"])
    yield "next", row["next_step"]["text"]
    if row["next_step"]["command"]:
        yield "", row["next_step"]["command"]


def _candidates(considered: Any) -> Table:
    table = Table("candidate", "fits", "evidence")
    table.add_column("$ a month", justify="right", no_wrap=True)
    table.add_column("why not")
    for one in considered[:_MOST_SHOWN]:
        why = "; ".join(objection["reason"] for objection in one["objections"]) or one["thin"] or one["dominated_by"]
        told = (_model(one), _MARKS[one["status"]], _words(one["evidence"]), _money(one["monthly_usd"]), why)
        table.add_row(*map(escape, told))
    return table


def _saving(saving: Any) -> str:
    if saving is None:
        return "not known"
    ends = f"{_money(saving['low_usd'])} to {_money(saving['high_usd'])}"
    # Plus nought, so that a hair less than nothing is not "-0%".
    share = round(saving["share"], 2) + 0.0
    return f"{_money(saving['usd'])} a month ({share:.0%}; {ends}), from {saving['basis']}"


def _effort(effort: Any) -> str:
    months = effort["payback_months"]
    paid = "" if months is None else f", paid back after {months:g} months"
    unit = "day" if effort["days"] == 1 else "days"
    return f"{effort['days']:g} {unit} of work, {_money(effort['usd'])}{paid}"


def _trial(trial: Any) -> str:
    if trial["calls"] is None:
        return "how many calls it takes cannot be told yet"
    days = "" if trial["days"] is None else f", {trial['days']:g} days at {trial['shadow_share']:.0%} of the calls"
    usd = "" if trial["usd"] is None else f", for {_money(trial['usd'])}"
    return f"{trial['calls']:,} calls of either model, decided by {_words(trial['decided_by'])}{days}{usd}"


def _model(model: Any) -> str:
    return f"{model['provider']}/{model['model']}" if model else "-"


def _money(amount: str | None) -> str:
    if amount is None:
        return "not known"
    usd = Decimal(amount)
    return f"{'-' if usd < 0 else ''}${abs(usd):,.2f}"


def _words(word: str) -> str:
    return word.replace("_", " ") if word != "re_route" else "re-route"
