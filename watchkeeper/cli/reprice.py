"""``watchkeeper reprice``: the difference per model, and the writing of it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from api.routes.reprice import RepriceChange, RepriceOrder
from watchkeeper.cli.access import Remote, store_or_api
from watchkeeper.cli.repricing import reprice_with
from watchkeeper.clock import SystemClock
from watchkeeper.settings import Settings


def run(settings: Settings, period: tuple[datetime, datetime], model: str, *, dry_run: bool) -> Sequence[RepriceChange]:
    """The difference per model (``model`` alone, if it is not empty) in ``period``; written unless it is a dry run."""
    order = RepriceOrder(*period, model, dry_run)
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
