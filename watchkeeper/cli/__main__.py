"""``watchkeeper``: parses the command line, wires services, turns our errors into sentences."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from rich.console import Console

from api.routes.reprice import RepriceOrder
from watchkeeper.cli import (
    backtest_command,
    detectors_service,
    explain_command,
    reprice_command,
    serve_api,
    simulate_command,
    wiring,
)
from watchkeeper.cli import collector as collector_service
from watchkeeper.cli import decode as decode_command
from watchkeeper.cli import dlq as dlq_command
from watchkeeper.cli import doctor as doctor_command
from watchkeeper.cli import gateway as gateway_service
from watchkeeper.cli import up as up_service
from watchkeeper.cli.verdict import VerdictCommand
from watchkeeper.clock import SystemClock
from watchkeeper.errors import WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.streams.kafka_topics import TopicState, create_topics

app = typer.Typer(
    name="watchkeeper",
    help="Watches the language models that applications depend on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
topics = typer.Typer(help="Kafka topics.", no_args_is_help=True)
dlq = typer.Typer(help="Dead letters: messages that could not be read.", no_args_is_help=True)
detectors = typer.Typer(help="What looks for regressions.", no_args_is_help=True)
app.add_typer(topics, name="topics")
app.add_typer(dlq, name="dlq")
app.add_typer(detectors, name="detectors")
app.command("backtest", cls=VerdictCommand)(backtest_command.command)
detectors.command("explain", cls=VerdictCommand)(explain_command.command)
detectors.command("simulate", cls=VerdictCommand)(simulate_command.command)

Host = Annotated[str | None, typer.Option(help="Address to bind to.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0: any free one.")]
DataDir = Annotated[Path | None, typer.Option(help="Data directory of the embedded store.")]


class Format(StrEnum):
    """How a command prints."""

    JSON = "json"
    TABLE = "table"


def _settings(**overrides: Any) -> Settings:
    return Settings.load(**overrides)


@app.command()
def up(
    data_dir: DataDir = None,
    otlp_http_port: Port = None,
    otlp_grpc_port: Port = None,
    api_port: Port = None,
    host: Host = None,
) -> None:
    """One process: OTLP in, embedded store, API out. Ends cleanly on Ctrl-C or SIGTERM."""
    up_service.run(
        _settings(
            store="chdb",
            data_dir=data_dir,
            otlp_http_port=otlp_http_port,
            otlp_grpc_port=otlp_grpc_port,
            api_port=api_port,
            host=host,
        )
    )


@app.command()
def collector(host: Host = None) -> None:
    """Kafka to ClickHouse; start as many as there are partitions."""
    collector_service.run(_settings(host=host))


@app.command()
def gateway(host: Host = None) -> None:
    """OTLP in, Kafka out."""
    gateway_service.run(_settings(host=host))


@app.command()
def api(host: Host = None, api_port: Port = None) -> None:
    """The API alone, on a ClickHouse server."""
    serve_api.run(_settings(host=host, api_port=api_port))


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database up to date."""
    settings = _settings(data_dir=data_dir)
    store = Store.open(wiring.store_config(settings))
    applied = wiring.migrate(store, settings)
    store.close()
    for migration in applied:
        typer.echo(f"applied {migration.version:04d} {migration.name}")
    typer.echo("up to date")


@app.command()
def decode(
    files: Annotated[list[Path], typer.Argument(help="OTLP trace files, protobuf or JSON; read as one stream.")],
    form: Annotated[Format, typer.Option("--format", help="json: one line a call; table: for people.")] = Format.JSON,
    skipped: Annotated[bool, typer.Option("--skipped", help="Also print spans that became no call, and why.")] = False,
    price_file: Annotated[Path | None, typer.Option(help="Your own prices (YAML).")] = None,
) -> None:
    """Print the calls in OTLP files as the collector would store them. Exit code 1 if a file does not decode."""
    failed = False
    for calls, others, errors in decode_command.decode_files(files, price_file):
        if form is Format.TABLE:
            decode_command.print_table(calls, Console())
        else:
            for row in calls:
                typer.echo(decode_command.as_json(row))
        for row in others if skipped else ():
            typer.echo(decode_command.as_json(row))
        for error in errors:
            failed = True
            typer.echo(f"watchkeeper: {error}", err=True)
    if failed:
        raise typer.Exit(1)


@app.command()
def reprice(
    begin: Annotated[str, typer.Option("--from", help="First day or time, e.g. 2026-01-01 (UTC).")],
    end: Annotated[str, typer.Option("--to", help="Up to this day or time; default: now.")] = "",
    model: Annotated[str, typer.Option(help="Only this served model.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Price stored calls again with today's price list and your price file; shows the difference first."""
    until = reprice_command.moment(end, "--to") if end else datetime.now(UTC)
    settings, console = _settings(data_dir=data_dir), Console()
    period = (reprice_command.moment(begin, "--from"), until)
    reprice_command.print_changes(reprice_command.run(settings, RepriceOrder(*period, model, True)), console)
    if dry_run:
        console.print("dry run: nothing was written")
        return
    reprice_command.run(settings, RepriceOrder(*period, model, False))
    console.print("written")


@app.command()
def doctor(
    kafka: Annotated[bool, typer.Option("--kafka/--no-kafka", help="Look at the brokers too.")] = True,
    data_dir: DataDir = None,
) -> None:
    """Check broker, topics, store, versions, clock and prices; exit code 1 if something is wrong."""
    findings = doctor_command.examine(_settings(data_dir=data_dir), SystemClock(), kafka)
    if not doctor_command.report(findings, Console()):
        raise typer.Exit(1)


@app.command()
def probe(url: Annotated[str, typer.Argument(help="A health address of ours.")]) -> None:
    """Exit code 0 if ``url`` answers 200: for container health checks."""
    try:
        good = httpx.get(url, timeout=4.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        good = False
    raise typer.Exit(0 if good else 1)


@topics.command("create")
def topics_create() -> None:
    """Make the topics that are missing; exit code 1 if one differs from what it should be."""
    settings = _settings()
    reports = create_topics(
        wiring.kafka_connection(settings), wiring.configured_topics(settings), settings.kafka_replication
    )
    for found in reports:
        typer.echo(f"{found.state:>9}  {found.name} ({found.partitions} partitions) {found.detail}".rstrip())
    if any(found.state is TopicState.MISSING for found in reports):
        raise typer.Exit(1)


@detectors.command("run")
def detectors_run(host: Host = None) -> None:
    """Stored calls from Kafka, regressions out; start as many as there are partitions."""
    detectors_service.run(_settings(host=host))


@dlq.command("list")
def dlq_list(
    reason: Annotated[str, typer.Option(help="Only this reason.")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Leave out those that were replayed.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
    data_dir: DataDir = None,
) -> None:
    """Dead letters, newest first."""
    rows = dlq_command.listing(_settings(data_dir=data_dir), reason, waiting, limit)
    dlq_command.print_listing(rows, form is Format.JSON)


@dlq.command("show")
def dlq_show(
    letter_id: UUID,
    raw: Annotated[bool, typer.Option("--raw", help="Write the message's bytes to standard output.")] = False,
    data_dir: DataDir = None,
) -> None:
    """One dead letter: why, whence, when; its bytes with --raw."""
    item, body = dlq_command.body(_settings(data_dir=data_dir), letter_id)
    if raw:
        sys.stdout.buffer.write(body)
        return
    for name, value in item.model_dump(exclude={"body_base64"}).items():
        typer.echo(f"{name:12} {'' if value is None else value}")
    typer.echo(f"{'bytes':12} {len(body)}")


@dlq.command("replay")
def dlq_replay(
    letter_ids: Annotated[list[UUID] | None, typer.Argument(help="Which ones.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that wait, up to 1,000.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Send dead letters through the pipeline again; exit code 1 if one fails again."""
    settings = _settings(data_dir=data_dir)
    ids = list(letter_ids or ())
    if everything:
        ids = [UUID(row["id"]) for row in dlq_command.listing(settings, "", True, 1_000)]
    failures = dlq_command.replay(settings, ids) if ids else []
    for letter_id, failure in zip(ids, failures, strict=True):
        typer.echo(f"{letter_id}  {failure or 'taken'}")
    if any(failures):
        raise typer.Exit(1)


def main() -> None:
    """Entry point: our own errors end with a sentence and exit code 2, not with a traceback."""
    try:
        app()
    except WatchkeeperError as error:
        typer.echo(f"watchkeeper: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
