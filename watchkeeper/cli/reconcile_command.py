"""``watchkeeper costs reconcile``: a provider's bill against stored calls."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.answers.dollars import usd
from watchkeeper.cli.asking import ApiUrl, AsCsv, AsJson, Output, Question, Where, conditions, show
from watchkeeper.cli.options import DataDir
from watchkeeper.cli.verdict import CANNOT_TELL, QUIET, REGRESSED
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

_ROWS = 20
_CODES = {"agrees": QUIET, "differs": REGRESSED, "cannot_tell": CANNOT_TELL}
_MEDIA = {".json": "application/json", ".csv": "text/csv"}
File = Annotated[Path, typer.Argument(help="The export as the provider gave it: JSON or CSV.")]
Provider = Annotated[str, typer.Option(help="openai or anthropic: refuse an export of another one.")]
Tolerance = Annotated[float, typer.Option(min=0, max=1, help="Part of the larger number that may differ.")]
ToleranceUsd = Annotated[float, typer.Option(min=0, help="Dollars that a day of a model may differ by.")]


def command(
    file: File,
    provider: Provider = "",
    tolerance: Tolerance = 0.01,
    tolerance_usd: ToleranceUsd = 0.01,
    where: Where = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """A provider's usage or cost export against stored calls: what differs, and why.

    Reads OpenAI's Costs and Usage API (JSON) and dashboard files (CSV), Anthropic's usage and cost reports (JSON) and
    Console files (CSV). Exit code 0: both agree; 2: they differ; 3: that cannot be told; 1: something is wrong.
    """
    query = {
        "export_of": provider,
        "tolerance": f"{tolerance:f}",
        "tolerance_usd": f"{tolerance_usd:f}",
        **conditions(where),
    }
    media_type = _MEDIA.get(file.suffix.lower(), "application/octet-stream")
    question = Question("/v1/costs/reconcile", query, _content(file), media_type)
    answer = show(Settings.load(data_dir=data_dir), url, question, Output.of(as_json, as_csv), _draw)
    raise typer.Exit(_CODES.get(answer.get("verdict", ""), CANNOT_TELL))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None


def _draw(answer: Any, console: Console) -> None:
    console.print(f"{answer['form']}, {answer['start'][:10]} to {answer['end'][:10]} (UTC)", markup=False)
    console.print(f"{answer['verdict'].replace('_', ' ').upper()}. {answer['sentence']}", style="bold", markup=False)
    console.print(_totals(answer))
    for reason in answer["reasons"]:
        amount = "" if reason["difference_usd"] is None else f", {usd(Decimal(reason['difference_usd']))}"
        tokens = "" if reason["difference_tokens"] is None else f", {reason['difference_tokens']:+,} tokens"
        name = reason["reason"].replace("_", " ")
        console.print(f"  {name} ({reason['rows']} rows{amount}{tokens}): {reason['sentence']}", markup=False)
    differing = [row for row in answer["rows"] if row["agrees"] is not True]
    if differing:
        console.print(_rows(differing[:_ROWS]))
    if answer["rows_total"] > _ROWS:
        console.print(f"{answer['rows_total']:,} days and models in all: --csv prints every one")
    for item in answer["other_items"]:
        console.print(f"beside calls: {item['item']} {usd(Decimal(item['usd']))}", markup=False)
    for note in answer["notes"]:
        console.print(f"note: {note}", markup=False)


def _totals(answer: Any) -> Table:
    table = Table("", "provider", "stored", "difference")
    for name in ("requests", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "usd"):
        sides = [answer[side][name] for side in ("provider_total", "stored_total", "difference")]
        table.add_row(name.replace("_", " "), *(_shown(name, value) for value in sides))
    return table


def _rows(rows: list[Any]) -> Table:
    table = Table("day", "model", "input", "output", "usd", "likely because", title="difference: provider less stored")
    for row in rows:
        difference = row["difference"]
        cells = [_shown(name, difference[name]) for name in ("input_tokens", "output_tokens", "usd")]
        why = ", ".join(reason["reason"].replace("_", " ") for reason in row["reasons"])
        table.add_row(row["day"][:10], escape(row["model"]) or "(all)", *cells, why)
    return table


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    return usd(Decimal(value)) if name == "usd" else f"{value:,}"
