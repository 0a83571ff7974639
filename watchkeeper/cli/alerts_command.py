"""``watchkeeper alerts``: what was sent and why, what rules would send, a message to try a channel, and silence."""

from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir, Host
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import alerts_service, alerts_work
else:
    alerts_service = Late("watchkeeper.cli.alerts_service")
    alerts_work = Late("watchkeeper.cli.alerts_work")

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def run(host: Host = None, data_dir: DataDir = None) -> None:
    """Regressions, notices and the clock to messages. One works, further ones stand by."""
    alerts_service.run(Settings.load(host=host, data_dir=data_dir))


def test_channel(channel: Annotated[str, typer.Argument(help="Name in the rules file.")]) -> None:
    """Send a test message to one channel of the rules file; exit code 1 if it does not get through."""
    if fault := alerts_work.try_channel(Settings.load(), channel):
        typer.echo(f"watchkeeper: {channel}: {fault}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{channel}: delivered")


def list_messages(
    channel: Annotated[str, typer.Option(help="Only of this channel.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Messages, the latest first, and how their latest attempt ended."""
    alerts_work.show_messages(Settings.load(data_dir=data_dir), channel, limit, as_json)


def why(
    regression: Annotated[str, typer.Argument(help="Id, as `watchkeeper regressions list` shows it, or of a notice.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Why a regression, finding or notice was told, or was not: every decision, in its order."""
    alerts_work.show_why(Settings.load(data_dir=data_dir), regression, as_json)


def preview(
    period: Annotated[str, typer.Option(help="How far back, e.g. 7d.")] = "7d",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """What the rules file, as it is now, would have sent of the past; and what it would not, with the reason."""
    alerts_work.show_preview(Settings.load(data_dir=data_dir), period, as_json)


def mute(
    reason: Annotated[str, typer.Argument(help="Why, for those who wonder at the silence.")],
    length: Annotated[str, typer.Option("--for", help="How long, e.g. 2h.")] = "1h",
    after: Annotated[str, typer.Option("--in", help="Begin only after so long, e.g. 30m.")] = "",
    where: Annotated[
        list[str] | None,
        typer.Option(help="NAME=WORD of id, kind, severity, service, route, provider, model, metric, environment …"),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Keep silent about what fits every --where for a while. What was told is told to be over all the same."""
    wanted = alerts_work.Silence(reason, length, after, where or ())
    typer.echo(alerts_work.set_mute(Settings.load(data_dir=data_dir), wanted))


def unmute(
    mute_id: Annotated[str, typer.Argument(help="As `alerts mutes` shows it.")], data_dir: DataDir = None
) -> None:
    """End a mute before its time."""
    alerts_work.lift(Settings.load(data_dir=data_dir), mute_id)
    typer.echo(f"{mute_id}: lifted")


def mutes(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Mutes that stand, now or later, besides those of the rules file."""
    alerts_work.show_mutes(Settings.load(data_dir=data_dir), as_json)
