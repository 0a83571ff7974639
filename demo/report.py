"""What the reader sees of the live traffic: a table, how to read it, and where to look further."""

from collections import Counter
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from demo.backend import Backend
from demo.summary import SummaryRow
from watchkeeper.schema import Outcome

_WIDTH = 100
_EXPLANATION = """\
Four real instrumentations sent these spans, each with its own names; Watchkeeper read them into
one form. An answer that refuses, is cut off or breaks its format came with HTTP 200: an outcome of
its own. 'unpriced' calls are of a model that no price list knows: never $0."""


def make_console() -> Console:
    """A console for the terminal, or a plain one of 100 columns where output goes to a file or a pipe."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)


def show(console: Console, rows: Sequence[SummaryRow]) -> None:
    """A line for each service, and how to read it."""
    console.print(_table(rows))
    console.print(_EXPLANATION, style="dim")


def show_addresses(console: Console, backend: Backend) -> None:
    """Where to look further."""
    console.print(f"\npage      {backend.api}/")
    console.print(f"API       {backend.api}/docs")
    console.print(f"spans to  {backend.kafka or backend.otlp + '/v1/traces'}")


def _table(rows: Sequence[SummaryRow]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("service", no_wrap=True)
    for name in ("calls", "ok"):
        table.add_column(name, justify="right")
    table.add_column("other outcomes", max_width=38)
    for name in ("tokens", "cost USD"):
        table.add_column(name, justify="right")
    for service in sorted({row.service for row in rows}):
        table.add_row(service, *_cells([row for row in rows if row.service == service]))
    return table


def _cells(rows: Sequence[SummaryRow]) -> list[str]:
    outcomes = sum((Counter(row.outcomes) for row in rows), Counter[str]())
    others = [f"{name} {count}" for name, count in outcomes.most_common() if name != Outcome.OK]
    return [
        f"{sum(row.calls for row in rows):,}",
        f"{outcomes[Outcome.OK]:,}",
        ", ".join(others),
        _number([tokens for row in rows for tokens in (row.input_tokens, row.output_tokens)]),
        _cost(rows),
    ]


def _number(values: Sequence[int | None]) -> str:
    """The sum of those that are known; nothing where none is."""
    known = [value for value in values if value is not None]
    return f"{sum(known):,}" if known else ""


def _cost(rows: Sequence[SummaryRow]) -> str:
    """Money where it is known; the word where calls have no price; nothing for calls without usage."""
    known = [row.cost_usd for row in rows if row.cost_usd is not None]
    unpriced = sum(row.unpriced_calls for row in rows)
    if unpriced and not any(known):
        return "unpriced"
    if not known:
        return ""
    return f"{sum(known):.4f}" + (f" + {unpriced} unpriced" if unpriced else "")
