"""``watchkeeper grafana``: dashboards and alert rules in a Grafana that is there; whether their queries have rows."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from watchkeeper.cli import grafana_print
from watchkeeper.cli.late import Late
from watchkeeper.cli.moments import moment
from watchkeeper.cli.options import DataDir
from watchkeeper.clock import SystemClock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from dashboards import checking
    from dashboards.pushing import connection, data_source
    from dashboards.pushing import push as pushing
    from watchkeeper.cli import wiring
    from watchkeeper.storage import client
else:
    checking = Late("dashboards.checking")
    connection, data_source = Late("dashboards.pushing.connection"), Late("dashboards.pushing.data_source")
    pushing = Late("dashboards.pushing.push")
    wiring = Late("watchkeeper.cli.wiring")
    client = Late("watchkeeper.storage.client")

Folder = Annotated[str, typer.Option(help="Uid of a folder that is there, for all; default: one of our own.")]
GivenSource = Annotated[
    str, typer.Option("--data-source", help="Uid of a ClickHouse data source that is there; default: one of our own.")
]
AlertRules = Annotated[
    bool, typer.Option("--alert-rules/--no-alert-rules", help="Alert rules too: not where `alerts run` wakes people.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def diff(folder: Folder = "", given: GivenSource = "", alert_rules: AlertRules = True, as_json: AsJson = False) -> None:
    """How a Grafana differs from what a push would make of it; exit code 1 if it does.

    Changes nothing. The Grafana and its token are in WATCHKEEPER_GRAFANA_URL and WATCHKEEPER_GRAFANA_TOKEN.
    """
    settings = Settings.load()
    wanted = _wanted(settings, folder, given, alert_rules)
    with _grafana(settings) as grafana:
        about = grafana.about()
        looked = pushing.look(grafana, wanted.things(about.org_id))
    grafana_print.differences(looked, Console(), as_json)
    if any(not one.found.is_same for one in looked):
        raise typer.Exit(1)


def push(
    folder: Folder = "",
    given: GivenSource = "",
    alert_rules: AlertRules = True,
    overwrite: Annotated[bool, typer.Option(help="Also what somebody changed in Grafana since the last push.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be written.")] = False,
    send_password: Annotated[
        bool, typer.Option(help="Write the data source's password even where nothing else differs.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put data source, folder, dashboards and alert rules into a Grafana; exit code 1 if something was left.

    Only what differs is written. What somebody changed in Grafana since the last push is left unless --overwrite is
    given; whether a rule is paused and whom it tells is always kept.
    """
    settings = Settings.load()
    wanted = _wanted(settings, folder, given, alert_rules, send_password)
    with _grafana(settings) as grafana:
        about = grafana.about()
        looked = pushing.look(grafana, wanted.things(about.org_id))
        done = pushing.planned(looked, overwrite) if dry_run else pushing.push(grafana, looked, overwrite)
        whole = grafana_print.pushed(done, about, Console(), (dry_run, as_json))
        unwell = "" if dry_run else data_source.health(grafana, wanted.data_source.uid)
    if unwell:
        typer.echo(f"watchkeeper: Grafana's data source does not answer: {unwell}", err=True)
    if unwell or not whole:
        raise typer.Exit(1)


def check(
    data_dir: DataDir = None,
    at: Annotated[str, typer.Option(help="End of the periods that are shown; default: now.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 for any panel without rows.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the query of every panel on the store; exit code 1 if one fails or has nothing to show.

    Each over the period its dashboard shows at first, as Grafana's plugin would ask. Panels of what a healthy or small
    fleet has none of, such as dead letters, may be empty; --strict wants rows of them too.
    """
    settings = Settings.load(data_dir=data_dir)
    end = moment(at, "--at") if at else SystemClock().now()
    if settings.store == "chdb" and not settings.data_dir.is_dir():
        raise ConfigError(f"there is no store in {settings.data_dir}; --data-dir takes the directory of an `up`")
    with closing(client.Store.open(wiring.store_config(settings))) as store:
        checked = checking.check(store, end)
    grafana_print.checked(checked, Console(), as_json)
    if any(not one.is_well or (strict and one.is_bare) for one in checked):
        raise typer.Exit(1)


@contextmanager
def _grafana(settings: Settings) -> "Iterator[connection.Grafana]":
    if not settings.grafana_url:
        raise ConfigError("WATCHKEEPER_GRAFANA_URL is empty; set it to Grafana's address, e.g. https://grafana.example")
    to = connection.Connection(
        settings.grafana_url,
        settings.grafana_token.get_secret_value(),
        settings.grafana_timeout_s,
        settings.grafana_ca_file,
    )
    with connection.Grafana(to) as grafana:
        yield grafana


def _wanted(
    settings: Settings, folder: str, given: str, alert_rules: bool, send_password: bool = False
) -> "pushing.Wanted":
    source: data_source.DataSourceThing | data_source.GivenDataSource
    if given:
        source = data_source.GivenDataSource(given)
    else:
        source = data_source.DataSourceThing(_warehouse(settings), send_password)
    return pushing.Wanted(source, folder, alert_rules) if folder else pushing.Wanted(source, alert_rules=alert_rules)


def _warehouse(settings: Settings) -> "data_source.Warehouse":
    if settings.store == "chdb" and not settings.grafana_clickhouse_url:
        raise ConfigError(
            "Grafana asks a ClickHouse server; the embedded store has no port. Set WATCHKEEPER_STORE=clickhouse or "
            "WATCHKEEPER_GRAFANA_CLICKHOUSE_URL, or name a data source of Grafana with --data-source"
        )
    return data_source.Warehouse(
        settings.grafana_clickhouse_url or settings.clickhouse_url,
        settings.database,
        settings.grafana_clickhouse_user,
        settings.grafana_clickhouse_password.get_secret_value(),
    )
