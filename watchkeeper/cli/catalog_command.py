"""``watchkeeper models catalog``: what models there are."""

from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from watchkeeper.catalog.facts import Size
from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, Output, Question, show
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

_FLAGS = {"tools": "tools", "structured_output": "json", "reasoning": "think", "open_weights": "open"}
_THOUSAND, _MILLION = 1_000, 1_000_000
_MONTH = len("2026-01")
Search = Annotated[str, typer.Argument(help="Words in provider, model, name or family.")]
Provider = Annotated[list[str] | None, typer.Option(help="May be repeated.")]
Sizes = Annotated[list[Size] | None, typer.Option(help="May be repeated.")]
Inputs = Annotated[
    list[str] | None, typer.Option("--input", help="text, image, audio, video, pdf; all that are given.")
]
Flag = Annotated[bool | None, typer.Option(help="Only models of which this is known to be so, or not so.")]
Tokens = Annotated[int, typer.Option(min=0, help="Only models whose limit is known to be at least this.")]
Limit = Annotated[int, typer.Option(min=1, max=1_000, help="Most rows.")]


def command(
    search: Search = "",
    provider: Provider = None,
    size: Sizes = None,
    inputs: Inputs = None,
    tools: Flag = None,
    structured_output: Flag = None,
    reasoning: Flag = None,
    open_weights: Flag = None,
    deprecated: Flag = None,
    min_context_tokens: Tokens = 0,
    min_output_tokens: Tokens = 0,
    limit: Limit = 50,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Models with capabilities, limits and prices, from the installed lists and your catalogue file.

    A condition on a fact leaves out models of which it is not known.
    """
    query = {
        "search": search,
        "provider": provider,
        "size": [str(one) for one in size or ()],
        "input_modality": inputs,
        "tools": tools,
        "structured_output": structured_output,
        "reasoning": reasoning,
        "open_weights": open_weights,
        "deprecated": deprecated,
        "min_context_tokens": min_context_tokens or None,
        "min_output_tokens": min_output_tokens or None,
        "limit": limit,
    }
    show(Settings.load(data_dir=data_dir), url, Question("/v1/catalog", query), Output.of(as_json, as_csv), _draw)


def _draw(answer: Any, console: Console) -> None:
    table = Table(
        Column("provider", overflow="fold"),
        Column("model", overflow="fold"),
        *("size", "context", "output", "can", "$ in / out", "from", "until"),
    )
    for row in answer["rows"]:
        abilities = [word for name, word in _FLAGS.items() if row[name]]
        table.add_row(
            row["provider"],
            escape(row["model"]),
            row["size"] or "-",
            _count(row["context_tokens"]),
            _count(row["output_tokens"]),
            " ".join(abilities) or "-",
            _prices(row),
            (row["released"] or "-")[:_MONTH],
            row["retirement_date"] or ("deprecated" if row["deprecated"] else "-"),
        )
    console.print(table)
    shown = len(answer["rows"])
    console.print(
        f"{shown:,} of {answer['total']:,} models; $ a million tokens; -: not known; ~: not what calls are priced with"
    )
    for source in answer["sources"]:
        newest = f", none released after {source['newest_release']}" if source["newest_release"] else ""
        console.print(f"  {source['name']}: {source['models']:,} models{newest}", markup=False)


def _count(tokens: int | None) -> str:
    if tokens is None:
        return "-"
    return (
        f"{tokens / 1e6:.3g}M" if tokens >= _MILLION else f"{tokens / 1e3:.3g}k" if tokens >= _THOUSAND else str(tokens)
    )


def _prices(row: Any) -> str:
    if row["input_usd"] is None:
        return "-"
    both = f"{Decimal(row['input_usd']):f} / {Decimal(row['output_usd']):f}"
    return both if row["price_is_listed"] else f"~ {both}"
