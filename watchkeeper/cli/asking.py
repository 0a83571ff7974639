"""A command's question to the API: one over HTTP, or the very same application inside this process.

A command that shows what a route answers is its parameters and a drawing::

    def command(where: Where = None, as_json: AsJson = False, as_csv: AsCsv = False, api: ApiUrl = "", …) -> None:
        question = Question("/v1/things", {"period": period, **conditions(where)})
        show(Settings.load(data_dir=data_dir), api, question, Output.of(as_json, as_csv), draw)

    def draw(answer: Any, console: Console) -> None:
        …a rich table…

Which API: ``--api`` or ``WATCHKEEPER_API_URL``; else that of the ``up`` that holds the data directory; else the
application over the store, which this process then opens itself.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from rich.console import Console

from watchkeeper.cli.late import Late
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    import httpx

    from api.routes.detectors import DetectorViews
    from watchkeeper.cli import answering
    from watchkeeper.cli.access import Remote
    from watchkeeper.storage.client import Store
else:
    answering = Late("watchkeeper.cli.answering")

ApiUrl = Annotated[str, typer.Option("--api", help="Address of the API to ask, e.g. http://localhost:8080.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's answer as JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")]
Period = Annotated[str, typer.Option(help="E.g. 24h, 7d, today, yesterday, month, last-month, 2026-10.")]
From = Annotated[str, typer.Option("--from", help="From this time on, e.g. 2026-01-31T12:00Z.")]
To = Annotated[str, typer.Option("--to", help="Up to this time; default: now.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        help="Only calls with COLUMN=VALUE, e.g. model=gpt-4o or tag.team=search. Repeated for one column: any of them."
    ),
]


class Output(StrEnum):
    """How a command prints."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"

    @classmethod
    def of(cls, as_json: bool, as_csv: bool) -> "Output":
        """What the two options ask for. Raises :class:`ConfigError` for both."""
        if as_json and as_csv:
            raise ConfigError("--json and --csv exclude each other: give one of them")
        return cls.JSON if as_json else cls.CSV if as_csv else cls.TABLE


Views: TypeAlias = "Callable[[Settings, Store], DetectorViews]"


@dataclass(frozen=True, slots=True)
class Question:
    """A path and its query; a parameter that is None or empty is not sent, a sequence is sent once for each value.

    With ``content`` it is a POST of these bytes, which are of ``media_type``.
    """

    path: str
    query: Mapping[str, Any]
    content: bytes | None = None
    media_type: str = "application/json"
    views: "Views | None" = None
    """What the application inside this process knows of detectors; left out where the answer does not need it."""
    alerts: bool = False
    """The application inside this process needs the alerts' code."""

    @property
    def sent(self) -> dict[str, Any]:
        """The query without what is not asked."""
        return {name: value for name, value in self.query.items() if value not in (None, "", [], ())}


_CONTROLS = {
    code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"
}
Draw = Callable[[Any, Console], None]
"""Prints the JSON of an answer for people."""


def show(settings: Settings, url: str, question: Question, output: Output, draw: Draw) -> Any:
    """Ask, and print the answer to standard output; what CSV leaves out goes to standard error.

    Returns the answer, of a table what goes along with it. Raises :class:`~watchkeeper.errors.WatchkeeperError` with
    what the API says is wrong.
    """
    with api(settings, url, question.views, alerts=question.alerts) as asked:
        if output is Output.CSV:
            return _print_csv(_asked(asked, question, "text/csv"))
        answer = _asked(asked, question, "application/json").json()
    if output is Output.JSON:
        sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    else:
        draw(_printable(answer), Console())
    return answer


def _printable(answer: Any) -> Any:
    """``answer`` without control characters: names come from whoever sends calls, and a terminal obeys some of them."""
    if isinstance(answer, str):
        return answer.translate(_CONTROLS)
    if isinstance(answer, list):
        return [_printable(one) for one in answer]
    return {key: _printable(value) for key, value in answer.items()} if isinstance(answer, dict) else answer


def _asked(asked: "Remote", question: Question, wanted: str) -> "httpx.Response":
    if question.content is None:
        return asked.table(question.path, wanted, **question.sent)
    return asked.upload(question.path, question.content, (question.media_type, wanted), **question.sent)


def _print_csv(answer: "httpx.Response") -> Any:
    sys.stdout.buffer.write(answer.content)
    sys.stdout.buffer.flush()
    about = json.loads(answer.headers.get("watchkeeper-answer", "{}"))
    for name in ("next_cursor",) if about.get("complete") else ("complete_since", "next_cursor"):
        if about.get(name):
            sys.stderr.write(f"watchkeeper: {name} = {about[name]}\n")
    return about


def conditions(where: Sequence[str] | None) -> dict[str, list[str]]:
    """``COLUMN=VALUE`` words as parameters of the API. Raises :class:`ConfigError` for a word that is none."""
    chosen: dict[str, list[str]] = {}
    for word in where or ():
        column, equals, value = word.partition("=")
        if not equals or not column:
            raise ConfigError(f"--where {word!r}: write COLUMN=VALUE, such as model=gpt-4o or tag.team=search")
        tag = column.removeprefix("tag.") if column.startswith("tag.") else ""
        chosen.setdefault("tag" if tag else column, []).append(f"{tag}={value}" if tag else value)
    return chosen


def api(
    settings: Settings, url: str = "", views: "Views | None" = None, *, alerts: bool = False
) -> "AbstractContextManager[Remote]":
    """The API to ask; see the module. Raises :class:`~watchkeeper.errors.WatchkeeperError` where none answers."""
    return answering.api(settings, url, views, alerts=alerts)
