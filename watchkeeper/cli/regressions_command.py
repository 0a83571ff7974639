"""``watchkeeper regressions``: what was found, and what people say of it; each command asks the API."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console

from watchkeeper.cli.asking import ApiUrl, AsJson, api
from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import regressions_print
else:
    regressions_print = Late("watchkeeper.cli.regressions_print")

RegressionId = Annotated[str, typer.Argument(help="Id, or its begin, as `watchkeeper regressions list` shows it.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Plain text for people, at most 2,000 characters.")]
Word = Annotated[str, typer.Option(help="Only of this name.")]


def list_regressions(
    state: Annotated[str, typer.Option(help="open, recovering or closed.")] = "",
    severity: Annotated[str, typer.Option(help="page or notice.")] = "",
    kind: Annotated[str, typer.Option(help="regression, outage, traffic_stop, mix_shift …")] = "",
    provider: Word = "",
    model: Annotated[str, typer.Option(help="Asked for or served.")] = "",
    route: Word = "",
    service: Word = "",
    since: Annotated[str, typer.Option(help="Last step since, e.g. 2026-01-31T12:00:00Z.")] = "",
    until: Annotated[str, typer.Option(help="Last step before.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Most rows.")] = 50,
    cursor: Annotated[str, typer.Option(help="The page after another one.")] = "",
    as_json: AsJson = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Regressions and findings, the latest first."""
    words = {"state": state, "severity": severity, "kind": kind, "provider": provider, "model": model}
    more = {"route": route, "service": service, "since": since, "until": until, "cursor": cursor}
    query = {name: value for name, value in {**words, **more}.items() if value}
    with api(Settings.load(data_dir=data_dir), url) as asked:
        answer = asked.get("/v1/regressions", limit=limit, **query)
    _print_json(answer) if as_json else regressions_print.print_list(answer, Console())


def show(regression_id: RegressionId, as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None) -> None:
    """One regression: its story, evidence, what else changed, its steps and what people said."""
    with api(Settings.load(data_dir=data_dir), url) as asked:
        answer = asked.get(_path(regression_id))
    _print_json(answer) if as_json else regressions_print.print_one(answer, Console())


def acknowledge(
    regression_id: RegressionId, said: Comment = "", as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None
) -> None:
    """Say that somebody looks after it."""
    _act(Settings.load(data_dir=data_dir), url, _path(regression_id, "acknowledge"), said, as_json)


def close(
    regression_id: RegressionId, said: Comment = "", as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None
) -> None:
    """Say that it is over. What is usual stays as learnt: new evidence opens it again."""
    _act(Settings.load(data_dir=data_dir), url, _path(regression_id, "close"), said, as_json)


def false_alarm(
    regression_id: RegressionId, said: Comment = "", as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None
) -> None:
    """Say that it never was one. As accept, and its metrics ask for more evidence from now on."""
    _act(Settings.load(data_dir=data_dir), url, _path(regression_id, "false-alarm"), said, as_json)


def accept(
    regression_id: RegressionId, said: Comment = "", as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None
) -> None:
    """Say that the new level is what is usual from now on: its metrics are learnt anew."""
    _act(Settings.load(data_dir=data_dir), url, _path(regression_id, "accept"), said, as_json)


def reopen(
    regression_id: RegressionId, said: Comment = "", as_json: AsJson = False, url: ApiUrl = "", data_dir: DataDir = None
) -> None:
    """Take a close of the last day back."""
    _act(Settings.load(data_dir=data_dir), url, _path(regression_id, "reopen"), said, as_json)


def comment(
    regression_id: RegressionId,
    said: Annotated[str, typer.Argument(help="Plain text for people, at most 2,000 characters.")],
    as_json: AsJson = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """Say something about it."""
    _act(Settings.load(data_dir=data_dir), url, _path(regression_id, "comment"), said, as_json)


def false_alarms(
    since: Annotated[str, typer.Option(help="Of what was detected since, e.g. 2026-01-31T12:00:00Z.")] = "",
    as_json: AsJson = False,
    url: ApiUrl = "",
    data_dir: DataDir = None,
) -> None:
    """How often people called what was reported a false alarm, by kind and metric."""
    query = {"since": since} if since else {}
    with api(Settings.load(data_dir=data_dir), url) as asked:
        answer = asked.get("/v1/detectors/false-alarms", **query)
    _print_json(answer) if as_json else regressions_print.print_false_alarms(answer, Console())


def _act(settings: Settings, url: str, path: str, said: str, as_json: bool) -> None:
    with api(settings, url) as asked:
        answer = asked.post(path, {"comment": said})
    _print_json(answer) if as_json else regressions_print.print_action(answer, Console())


def _path(regression_id: str, action: str = "") -> str:
    # An id from the shell may be anything; in a path, a slash would name something else.
    path = f"/v1/regressions/{quote(regression_id, safe='')}"
    return f"{path}/{action}" if action else path


def _print_json(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
