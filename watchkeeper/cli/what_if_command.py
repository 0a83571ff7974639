"""``watchkeeper costs what-if``: the same calls elsewhere."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.answers.dollars import usd
from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, From, Output, Period, Question, To, Where, conditions, show
from watchkeeper.cli.moments import moment
from watchkeeper.cli.options import DataDir
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

Model = Annotated[
    list[str] | None, typer.Option(help="Another model, PROVIDER/MODEL or MODEL alone. Repeated: one scenario each.")
]
Tier = Annotated[str | None, typer.Option(help="standard, batch, flex, priority …; default: each call's own.")]
Cached = Annotated[float | None, typer.Option(min=0, max=1, help="Part of the input that a prompt cache would serve.")]
Written = Annotated[float, typer.Option(min=0, max=1, help="Part that would be written to the cache.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Without any prompt cache.")]
Today = Annotated[bool, typer.Option("--todays-prices", help="Not those of each call's own day.")]
InputFactor = Annotated[float, typer.Option(min=0.1, max=10, help="Input tokens there per token here.")]
OutputFactor = Annotated[float, typer.Option(min=0.1, max=10, help="Output tokens there per token here.")]
By = Annotated[list[str] | None, typer.Option("--by", help="Group by: route, service, model …. May be repeated.")]
Route = Annotated[list[str] | None, typer.Option(help="Only calls of this route. May be repeated.")]
Body = Annotated[
    Path | None, typer.Option("--body", help="JSON file with the whole question (scenarios, self_hosting …).")
]


def command(
    model: Model = None,
    tier: Tier = None,
    cached: Cached = None,
    cache_written: Written = 0.0,
    no_cache: NoCache = False,
    input_token_factor: InputFactor = 1.0,
    output_token_factor: OutputFactor = 1.0,
    todays_prices: Today = False,
    body: Body = None,
    by: By = None,
    route: Route = None,
    where: Where = None,
    period: Period = "",
    begin: From = "",
    end: To = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """The same calls on another model, tier or cache, or on GPUs of your own.

    Stored calls of the last 30 days (or of the period given) are priced one by one on their stored tokens. Self-hosting
    needs a --body: `{"self_hosting": {"gpu_usd_per_hour": 2.5, …}}`; what is missing is asked for.
    """
    shared = {
        "tier": tier,
        "cache": _cache(cached, cache_written, no_cache),
        "input_token_factor": input_token_factor,
        "output_token_factor": output_token_factor,
    }
    question = _read(body) if body else _scenarios(model or [], shared)
    question |= {"group_by": list(by)} if by else {}
    question |= {"prices": "today"} if todays_prices else {}
    chosen = conditions([*(where or ()), *(f"route={name}" for name in route or ())])
    query = {
        "period": period,
        "start": moment(begin, "--from").isoformat() if begin else "",
        "end": moment(end, "--to").isoformat() if end else "",
        **chosen,
    }
    asked = Question("/v1/costs/what-if", query, json.dumps(question).encode())
    show(Settings.load(data_dir=data_dir), url, asked, Output.of(as_json, as_csv), _draw)


def _cache(cached: float | None, written: float, no_cache: bool) -> Any:
    if no_cache and cached is not None:
        raise ConfigError("--no-cache and --cached exclude each other: give one of them")
    if cached is None:
        return "none" if no_cache else "as_observed"
    return {"read_share": cached, "write_share": written}


def _scenarios(models: list[str], shared: dict[str, Any]) -> dict[str, Any]:
    named: list[dict[str, Any]] = [_place(model) for model in models] or [{}]
    return {"scenarios": [{**one, **shared} for one in named]}


def _place(model: str) -> dict[str, str]:
    provider, slash, name = model.partition("/")
    return {"provider": provider, "model": name} if slash else {"model": model}


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{file} is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{file} holds no JSON object: write {{'scenarios': [...]}}")
    return content


def _draw(answer: Any, console: Console) -> None:
    observed = answer["observed"]
    console.print(
        f"{answer['start'][:16]} to {answer['end'][:16]} UTC: {_usd(observed['usd'])}, {observed['calls']:,} calls, "
        f"{observed['unpriced_calls']:,} of them without a price"
    )
    if not answer["is_complete"]:
        console.print(f"single calls are complete since {answer['complete_since'][:16]} only", style="yellow")
    if not observed["calls"]:
        console.print("No calls fit: choose a longer period or fewer filters.")
    if answer["scenarios"]:
        console.print(_table(answer["scenarios"], "name"))
    if answer["rows"]:
        console.print(_table(answer["rows"], "scenario"))
    for scenario in answer["scenarios"]:
        for warning in scenario["warnings"]:
            console.print(f"{scenario['name']}: {warning}", style="yellow", markup=False)
    for sentence in dict.fromkeys(one for scenario in answer["scenarios"] for one in scenario["assumptions"]):
        console.print(f"assumed: {sentence}", markup=False)
    if answer["self_hosting"]:
        _draw_hosting(answer["self_hosting"], console)


def _table(rows: list[Any], name: str) -> Table:
    groups = list(rows[0].get("group", {}))
    table = Table("scenario", *groups, "calls priced", "too large", "unpriced", "would cost", "did cost", "difference")
    for row in rows:
        compared = row["compared"]
        share = "" if compared["difference_share"] is None else f" ({compared['difference_share']:+.1%})"
        table.add_row(
            escape(row[name]),
            *(escape(row["group"][group]) for group in groups),
            f"{row['calls_priced']:,}",
            f"{row['calls_too_large']:,}",
            f"{row['calls_unpriced']:,}",
            # Of the calls that have a price on both sides, so that the three add up.
            _usd(_sum(compared["observed_usd"], compared["difference_usd"])),
            _usd(compared["observed_usd"]),
            f"{_usd(compared['difference_usd'])}{share}",
        )
    return table


def _sum(one: str | None, other: str | None) -> str | None:
    return None if one is None or other is None else str(Decimal(one) + Decimal(other))


def _draw_hosting(hosting: Any, console: Console) -> None:
    console.print(f"self-hosting: {hosting['verdict']}", style="bold", markup=False)
    for name, meaning in hosting["missing"].items():
        console.print(f"  missing {name}: {meaning}", markup=False)
    if not hosting["missing"]:
        per_day = ("gpu", "people", "fixed", "self_hosting", "api")
        parts = (f"{part.replace('_', '-')} {_usd(hosting[f'{part}_usd_per_day'])}" for part in per_day)
        console.print(f"  a day, {hosting['replicas']} replicas: {', '.join(parts)}", markup=False)
    for sentence in hosting["assumptions"]:
        console.print(f"  assumed: {sentence}", markup=False)


def _usd(amount: str | None) -> str:
    return "unknown" if amount is None else usd(Decimal(amount))
