"""The table of endpoints of docs/api.md, from the OpenAPI document."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.app import ApiParts, create_app
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.cli.detector_views import detector_views
from watchkeeper.clock import ManualClock
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.telemetry import Metrics

_METHODS = ("get", "put", "post", "delete")
_JSON = "application/json"


def endpoints() -> str:
    """One row an operation, by the first word of its path, with the forms in which it answers."""
    rows = ["| endpoint | what | answers in |", "| --- | --- | --- |"]
    return "\n".join(
        rows + [row for path, methods in sorted(_document()["paths"].items()) for row in _rows(path, methods)]
    )


def _rows(path: str, methods: dict[str, Any]) -> Iterator[str]:
    for method in _METHODS:
        if method in methods:
            yield f"| `{method.upper()} {path}` | {methods[method].get('summary', '')} | {_forms(methods[method])} |"


def _forms(operation: dict[str, Any]) -> str:
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    media = {name for answer in answers for name in answer.get("content", {})}
    named = {
        _JSON: "JSON",
        "text/csv": "CSV",
        "application/vnd.apache.arrow.stream": "Arrow",
        "application/vnd.apache.parquet": "Parquet",
        "text/event-stream": "events",
    }
    return ", ".join(name for kind, name in named.items() if kind in media)


def _document() -> dict[str, Any]:
    """Of an application with all its routes. Its store is never opened."""
    settings = Settings.load()
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    store = Store(StoreConfig("chdb", "unopened", data_dir=Path("unopened")))
    parts = ApiParts(
        store,
        Metrics(),
        clock,
        checks=dict,
        replay=lambda _: (),
        reprice=lambda _: (),
        catalog=catalog_parts(settings, clock),
        detectors=detector_views(settings, store),
    )
    return create_app(parts).openapi()
