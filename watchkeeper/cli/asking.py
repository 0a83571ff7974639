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

import asyncio
import contextlib
import json
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer
from rich.console import Console

from api.app import ApiParts, create_app
from api.auth import Access
from api.routes.detectors import DetectorViews
from watchkeeper.cli.access import Remote, remote, store_or_api
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.cli.repricing import reprice_with
from watchkeeper.cli.up import Address
from watchkeeper.clock import SystemClock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.streams.otlp_config import is_loopback
from watchkeeper.telemetry import Metrics

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


Views = Callable[[Settings, Store], DetectorViews]


@dataclass(frozen=True, slots=True)
class Question:
    """A path and its query; a parameter that is None or empty is not sent, a sequence is sent once for each value.

    With ``content`` it is a POST of these bytes, which are of ``media_type``.
    """

    path: str
    query: Mapping[str, Any]
    content: bytes | None = None
    media_type: str = "application/json"
    views: Views | None = None
    """What the application inside this process knows of detectors; left out where the answer does not need it."""

    @property
    def sent(self) -> dict[str, Any]:
        """The query without what is not asked."""
        return {name: value for name, value in self.query.items() if value not in (None, "", [], ())}


Draw = Callable[[Any, Console], None]
"""Prints the JSON of an answer for people."""


def show(settings: Settings, url: str, question: Question, output: Output, draw: Draw) -> Any:
    """Ask, and print the answer to standard output; what CSV leaves out goes to standard error.

    Returns the answer, of a table what goes along with it. Raises :class:`~watchkeeper.errors.WatchkeeperError` with
    what the API says is wrong.
    """
    with api(settings, url, question.views) as asked:
        if output is Output.CSV:
            return _print_csv(_asked(asked, question, "text/csv"))
        answer = _asked(asked, question, "application/json").json()
    if output is Output.JSON:
        sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    else:
        draw(answer, Console())
    return answer


def _asked(asked: Remote, question: Question, wanted: str) -> httpx.Response:
    if question.content is None:
        return asked.table(question.path, wanted, **question.sent)
    return asked.upload(question.path, question.content, (question.media_type, wanted), **question.sent)


def _print_csv(answer: httpx.Response) -> Any:
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


@contextlib.contextmanager
def api(settings: Settings, url: str = "", views: Views | None = None) -> Iterator[Remote]:
    """The API to ask; see the module. Raises :class:`~watchkeeper.errors.WatchkeeperError` where none answers."""
    if chosen := url or settings.api_url:
        address = _checked(chosen)
        with remote(settings, Address(address, "", "", 0), verify=not is_loopback(_host(address))) as far:
            yield far
        return
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            yield access
            return
        with httpx.Client(transport=InProcess(settings, access, views), base_url="http://localhost") as client:
            yield Remote(client)


def _checked(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"--api (or WATCHKEEPER_API_URL) is {url!r}: it begins with http:// or https://")
    return url.rstrip("/")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


class InProcess(httpx.BaseTransport):
    """Requests answered by our own application over ``store``: what a command prints cannot differ from the API."""

    def __init__(self, settings: Settings, store: Store, views: Views | None = None) -> None:
        clock, self._secret = SystemClock(), secrets.token_urlsafe(32)
        parts = ApiParts(
            store,
            Metrics(),
            clock,
            checks=dict,
            reprice=reprice_with(store, settings, clock),
            catalog=catalog_parts(settings, clock),
            access=Access(own_secret=self._secret),
            detectors=views(settings, store) if views else None,
        )
        self._app = httpx.ASGITransport(create_app(parts), raise_app_exceptions=True)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Run the application for one request, as from a command of ours."""
        request.headers["Authorization"] = f"Bearer {self._secret}"
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())
