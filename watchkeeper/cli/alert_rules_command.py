"""``watchkeeper alerts rules``: the rules in force, and setting them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.asking import ApiUrl, AsJson
from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import alert_rules_work
else:
    alert_rules_work = Late("watchkeeper.cli.alert_rules_work")

RulesFile = Annotated[Path, typer.Argument(help="A rules file (docs/alerts.md).")]


def show_rules(as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """The rules in force, as YAML, without secrets."""
    alert_rules_work.show_rules(Settings.load(data_dir=data_dir), url, as_json)


def check_rules(file: RulesFile) -> None:
    """Look whether a rules file is right; asks nobody, sends nothing."""
    typer.echo(alert_rules_work.check_rules(Settings.load(), file))


def set_rules(
    file: RulesFile,
    version: Annotated[int | None, typer.Option(help="The version you saw: refused where it is another one.")] = None,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Set all rules through the API, from a file that names its secrets. Where the alerts have a file, it wins."""
    typer.echo(alert_rules_work.set_rules(Settings.load(data_dir=data_dir), url, file, version))
