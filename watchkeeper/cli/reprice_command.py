"""``watchkeeper reprice``: shows the difference per model, then writes it unless it is a dry run."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.routes.reprice import RepriceChange, RepriceOrder
from watchkeeper.cli.access import Remote, store_or_api
from watchkeeper.cli.options import DataDir
from watchkeeper.cli.repricing import reprice_with
from watchkeeper.clock import SystemClock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings


def moment(text: str, option: str) -> datetime:
    """An ISO date or time; without a zone it is UTC."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{option} is {text!r}: write a date or time such as 2026-01-31 or 2026-01-31T12:00Z"
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def run(settings: Settings, order: RepriceOrder) -> Sequence[RepriceChange]:
    """The difference per model; written unless ``order`` is a dry run."""
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            body = {
                "begin": order.begin.isoformat(),
                "end": order.end.isoformat(),
                "model": order.model,
                "dry_run": order.dry_run,
            }
            return [RepriceChange.model_validate(row) for row in access.post("/v1/reprice", body)["changes"]]
        return reprice_with(access, settings, SystemClock())(order)


def print_changes(changes: Sequence[RepriceChange], console: Console) -> None:
    """The difference, and its sum."""
    table = Table("provider", "model", "calls", "changed", "newly priced", "old $", "new $", "difference $")
    for change in changes:
        difference = change.new_usd - change.old_usd
        counts = (str(change.calls), str(change.changed), str(change.newly_priced))
        table.add_row(
            change.provider, change.model, *counts, *map(_money, (change.old_usd, change.new_usd, difference))
        )
    console.print(table)
    total = sum((change.new_usd - change.old_usd for change in changes), Decimal())
    console.print(f"difference in all: {_money(total)} $")


def _money(amount: Decimal) -> str:
    return f"{amount:,.6f}"


def command(
    begin: Annotated[str, typer.Option("--from", help="First day or time, e.g. 2026-01-01 (UTC).")],
    end: Annotated[str, typer.Option("--to", help="Up to this day or time; default: now.")] = "",
    model: Annotated[str, typer.Option(help="Only this served model.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Price stored calls again with today's price list and your price file; shows the difference first."""
    until = moment(end, "--to") if end else datetime.now(UTC)
    settings, console = Settings.load(data_dir=data_dir), Console()
    period = (moment(begin, "--from"), until)
    print_changes(run(settings, RepriceOrder(*period, model, True)), console)
    if dry_run:
        console.print("dry run: nothing was written")
        return
    run(settings, RepriceOrder(*period, model, False))
    console.print("written")
