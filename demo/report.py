"""What the reader sees at the end: a table per model, how to read it, and where to look further."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from demo.backend import Backend
from demo.summary import SummaryRow
from watchkeeper.schema import Outcome

_PLAIN_WIDTH = 180
_EXPLANATION = """\
Each line is one service calling one model. Four real instrumentations sent these spans, each with its own
names; Watchkeeper read them into one form, decided how every call ended and priced it.
- A call that failed names no answering model, so it stands under the name asked for; good ones stand under
  the dated model that answered.
- An answer that refuses, is cut off or breaks its format came with HTTP 200: an outcome of its own, not ok.
- 'unpriced' is a model that no price list knows. It is never $0; add it to your own price file.
- TTFT is the time to the first token, known where answers are streamed."""


def make_console() -> Console:
    """A console for the terminal, or a wide plain one where output goes to a file or a pipe."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


def show(console: Console, rows: Sequence[SummaryRow], backend: Backend) -> None:
    """The table, its explanation, and the addresses."""
    console.print(_table(rows))
    console.print(_EXPLANATION, style="dim")
    console.print(f"\nAPI       {backend.api}  (/v1/summary, /healthz, /metrics)")
    console.print(f"spans to  {backend.kafka or backend.otlp + '/v1/traces'}")


def _table(rows: Sequence[SummaryRow]) -> Table:
    table = Table(title="Calls per service and model", box=SIMPLE_HEAD)
    for name in ("service", "model"):
        table.add_column(name, overflow="fold")
    for name in ("calls", "ok"):
        table.add_column(name, justify="right")
    table.add_column("other outcomes", min_width=16)
    for name in ("p50 ms", "p95 ms", "TTFT ms", "tokens in", "tokens out", "cost USD"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in sorted(rows, key=lambda row: (row.service, row.model)):
        table.add_row(*_cells(row))
    table.add_section()
    table.add_row(*_totals(rows), style="bold")
    return table


def _cells(row: SummaryRow) -> list[str]:
    others = {name: count for name, count in row.outcomes.items() if name != Outcome.OK and count}
    return [
        row.service,
        row.model,
        f"{row.calls:,}",
        f"{row.outcomes.get(Outcome.OK, 0):,}",
        ", ".join(f"{name} {count}" for name, count in sorted(others.items(), key=lambda item: -item[1])),
        _number(row.latency_p50_ms),
        _number(row.latency_p95_ms),
        _number(row.ttft_p50_ms),
        _number(row.input_tokens),
        _number(row.output_tokens),
        _cost(row),
    ]


def _totals(rows: Sequence[SummaryRow]) -> list[str]:
    calls = sum(row.calls for row in rows)
    ok = sum(row.outcomes.get(Outcome.OK, 0) for row in rows)
    sent = sum(row.input_tokens or 0 for row in rows)
    received = sum(row.output_tokens or 0 for row in rows)
    cost = sum(row.cost_usd or 0 for row in rows)
    return ["all", "", f"{calls:,}", f"{ok:,}", "", "", "", "", f"{sent:,}", f"{received:,}", f"{cost:.4f}"]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _cost(row: SummaryRow) -> str:
    """Money where it is known; the word where calls have no price; nothing for calls without usage."""
    if row.unpriced_calls and not row.cost_usd:
        return "unpriced"
    if row.cost_usd is None:
        return ""
    return f"{row.cost_usd:.4f}" + (f" + {row.unpriced_calls} unpriced" if row.unpriced_calls else "")
