"""``watchkeeper alerts``: what was sent and why, what rules would send, a message to try a channel, and silence."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.asking import ApiUrl, AsJson
from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir, Host
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import alerts_service, alerts_work
else:
    alerts_service = Late("watchkeeper.cli.alerts_service")
    alerts_work = Late("watchkeeper.cli.alerts_work")

Event = Annotated[str, typer.Argument(help="Id, as `watchkeeper regressions list` shows it, or of a notice.")]


def run(host: Host = None, data_dir: DataDir = None) -> None:
    """Regressions, notices and the clock to messages. One works, further ones stand by."""
    alerts_service.run(Settings.load(host=host, data_dir=data_dir))


def test_channel(
    channel: Annotated[str, typer.Argument(help="Name in the rules.")], url: ApiUrl = "", data_dir: DataDir = None
) -> None:
    """Send a test message to one channel of the rules; exit code 1 if it does not get through."""
    if fault := alerts_work.try_one(Settings.load(data_dir=data_dir), url, channel):
        typer.echo(f"watchkeeper: {channel}: {fault}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{channel}: delivered")


def list_messages(
    channel: Annotated[str, typer.Option(help="Only of this channel.")] = "",
    outcome: Annotated[str, typer.Option(help="sent, failed or given_up.")] = "",
    event: Annotated[str, typer.Option(help="Only about this regression or notice, by its whole id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most rows.")] = 50,
    cursor: Annotated[str, typer.Option(help="The page after another one.")] = "",
    as_json: AsJson = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Messages, the latest first, and how their latest attempt ended."""
    query = {"channel": channel, "outcome": outcome, "event": event, "limit": limit, "cursor": cursor}
    alerts_work.show_messages(Settings.load(data_dir=data_dir), url, query, as_json)


def why(event: Event, as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """Why a regression, finding or notice was told, or was not: every decision, in its order."""
    alerts_work.show_why(Settings.load(data_dir=data_dir), url, event, as_json)


def preview(
    period: Annotated[str, typer.Option(help="How far back, e.g. 7d; 31d at most.")] = "7d",
    rules: Annotated[Path | None, typer.Option(help="A rules file to try; without it those in force.")] = None,
    as_json: AsJson = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """What the rules in force, or those of a file, would have sent of the past; and what not, with the reason."""
    alerts_work.show_preview(Settings.load(data_dir=data_dir), url, alerts_work.Trial(period, rules), as_json)


def mute(
    reason: Annotated[str, typer.Argument(help="Why, for those who wonder at the silence.")],
    length: Annotated[str, typer.Option("--for", help="How long, e.g. 2h.")] = "1h",
    after: Annotated[str, typer.Option("--in", help="Begin only after so long, e.g. 30m.")] = "",
    where: Annotated[
        list[str] | None,
        typer.Option(help="NAME=WORD of id, kind, severity, service, route, provider, model, metric, environment …"),
    ] = None,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Keep silent about what fits every --where for a while. What was told is told to be over all the same."""
    wanted = alerts_work.Silence(reason, length, after, where or ())
    typer.echo(alerts_work.set_mute(Settings.load(data_dir=data_dir), url, wanted))


def unmute(
    mute_id: Annotated[str, typer.Argument(help="As `alerts mutes` shows it.")],
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """End a mute before its time."""
    alerts_work.lift(Settings.load(data_dir=data_dir), url, mute_id)
    typer.echo(f"{mute_id}: lifted")


def mutes(as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """Mutes that stand, now or later, those of the rules too."""
    alerts_work.show_mutes(Settings.load(data_dir=data_dir), url, as_json)


def acknowledge(
    event: Event,
    said: Annotated[str, typer.Option("--comment", "-m", help="Plain text for people.")] = "",
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Say that somebody looks after it: no repeats, no escalation. What gets worse is told, and the end."""
    typer.echo(alerts_work.acknowledge(Settings.load(data_dir=data_dir), url, event, said))
