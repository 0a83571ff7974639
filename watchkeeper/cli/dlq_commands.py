"""``watchkeeper dlq``: lists, shows and replays dead letters."""

import sys
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir, Format
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import dlq
else:
    dlq = Late("watchkeeper.cli.dlq")


def list_letters(
    reason: Annotated[str, typer.Option(help="Only this reason.")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Leave out those that were replayed.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most rows.")] = 100,
    form: Annotated[
        Format, typer.Option("--format", help="json: one object a line; table: for people.")
    ] = Format.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Dead letters, newest first."""
    rows = dlq.listing(Settings.load(data_dir=data_dir), reason, waiting, limit)
    dlq.print_listing(rows, form is Format.JSON)


def show(
    letter_id: UUID,
    raw: Annotated[bool, typer.Option("--raw", help="Write the message's bytes to standard output.")] = False,
    data_dir: DataDir = None,
) -> None:
    """One dead letter: why, whence, when; its bytes with --raw."""
    item, body = dlq.body(Settings.load(data_dir=data_dir), letter_id)
    if raw:
        sys.stdout.buffer.write(body)
        return
    for name, value in item.model_dump(exclude={"body_base64"}).items():
        typer.echo(f"{name:12} {'' if value is None else value}")
    typer.echo(f"{'bytes':12} {len(body)}")


def replay(
    letter_ids: Annotated[list[UUID] | None, typer.Argument(help="Which ones.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that wait, up to 1,000.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Send dead letters through the pipeline again; exit code 1 if one fails again."""
    settings = Settings.load(data_dir=data_dir)
    ids = list(letter_ids or ())
    if everything:
        ids = [UUID(row["id"]) for row in dlq.listing(settings, "", True, 1_000)]
    failures = dlq.replay(settings, ids) if ids else []
    for letter_id, failure in zip(ids, failures, strict=True):
        typer.echo(f"{letter_id}  {failure or 'taken'}")
    if any(failures):
        raise typer.Exit(1)
