"""Tables ``scheduled_comparisons`` (every version of each, the newest counts) and ``comparison_results``."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from watchkeeper.choices import Recurrence
from watchkeeper.storage.client import Store

MOST_COMPARISONS = 200
MOST_RESULTS = 1_000
_MICROS = pa.timestamp("us", tz="UTC")
_END = datetime(2299, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScheduledComparison:
    """One version of a comparison that recurs."""

    name: str
    version: int
    """1 for the first."""
    every: Recurrence
    request: str
    """What is compared, as JSON of the API's request."""
    changed_by: str
    changed_at: datetime
    removed: bool = False


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """What a comparison found at one of its times."""

    name: str
    scheduled_at: datetime
    """The time it was due; its periods are relative to this."""
    version: int
    """Of the comparison, when it ran."""
    at: datetime
    """When it ran."""
    verdict: str
    sentence: str
    open_notice: str
    """Id of the notice that is open after this result; empty for none."""
    answer: str
    """The whole answer as JSON; empty where there was none to be had."""


_COMPARISONS: pa.Schema = pa.schema(
    [
        ("name", pa.string()),
        ("version", pa.uint32()),
        ("removed", pa.bool_()),
        ("every", pa.string()),
        ("request", pa.string()),
        ("changed_by", pa.string()),
        ("changed_at", _MICROS),
    ]
)
_RESULTS: pa.Schema = pa.schema(
    [
        ("name", pa.string()),
        ("scheduled_at", _MICROS),
        ("version", pa.uint32()),
        ("at", _MICROS),
        ("verdict", pa.string()),
        ("sentence", pa.string()),
        ("open_notice", pa.string()),
        ("answer", pa.string()),
    ]
)
_COLUMNS = ", ".join(_COMPARISONS.names)
# Two writers at the same time may make the same version; then the later one counts, for every reader alike.
_NEWEST = f"""
SELECT {_COLUMNS} FROM scheduled_comparisons ORDER BY name, version DESC, changed_at DESC, request LIMIT 1 BY name
"""
_LIST = f"SELECT * FROM ({_NEWEST}) WHERE NOT removed ORDER BY name LIMIT {{limit:UInt32}}"
_ONE = f"SELECT * FROM ({_NEWEST}) WHERE name = {{name:String}}"
_FOUND = f"""
SELECT {", ".join(_RESULTS.names)} FROM comparison_results FINAL
WHERE name = {{name:String}} AND scheduled_at < fromUnixTimestamp64Micro({{before:Int64}}, 'UTC')
ORDER BY scheduled_at DESC LIMIT {{limit:UInt32}}
"""


def save_comparison(store: Store, comparison: ScheduledComparison) -> None:
    """Store one version; it counts from now on."""
    rows = pa.Table.from_pylist([asdict(comparison)], _COMPARISONS)
    store.insert_arrow("scheduled_comparisons", rows, uuid.uuid4().hex)


def find_comparison(store: Store, name: str) -> ScheduledComparison | None:
    """The newest version, even one that says the comparison was removed; None where there never was one."""
    found = store.query_rows(_ONE, {"name": name})
    return _comparison(found[0]) if found else None


def list_comparisons(store: Store) -> list[ScheduledComparison]:
    """Those that were not removed, by name."""
    return [_comparison(row) for row in store.query_rows(_LIST, {"limit": MOST_COMPARISONS})]


def save_result(store: Store, result: ComparisonResult) -> None:
    """Store what was found. Of two results for the same time the one that was made first stays."""
    rows = pa.Table.from_pylist([asdict(result)], _RESULTS)
    store.insert_arrow("comparison_results", rows, uuid.uuid4().hex)


def list_results(store: Store, name: str, limit: int, before: datetime | None = None) -> list[ComparisonResult]:
    """The latest ``limit`` results (at most :data:`MOST_RESULTS`) of times before ``before``, the latest first."""
    until = int((before or _END).timestamp() * 1_000_000)
    rows = store.query_rows(_FOUND, {"name": name, "before": until, "limit": min(limit, MOST_RESULTS)})
    return [ComparisonResult(**row) for row in rows]


def _comparison(row: Mapping[str, Any]) -> ScheduledComparison:
    return ScheduledComparison(**{**row, "every": Recurrence(row["every"])})
