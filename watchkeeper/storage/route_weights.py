"""Table ``route_weights``: which models serve a route and how much of it, every version; the newest counts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from watchkeeper.storage.client import Store

MOST_ROUTES = 10_000
"""That may have weights: all of them are read at once."""


@dataclass(frozen=True, slots=True)
class Target:
    """One model at one provider, on a route."""

    provider: str
    model: str
    weight: int
    """Percent of the route's calls; of a shadow, percent of the calls that are sent to it too; 0 of a fallback."""
    variant: str
    """``primary``, ``canary`` or ``shadow``: what the calls sent there are marked as."""


@dataclass(frozen=True, slots=True)
class RouteWeights:
    """One version of a route's weights."""

    route: str
    version: int
    """1 for the first; the writer gives the former one + 1."""
    targets: tuple[Target, ...]
    """Their weights add up to 100."""
    shadow: tuple[Target, ...]
    """Get a copy of calls; their answers are not used."""
    fallbacks: tuple[Target, ...]
    """Tried in this order where a target fails."""
    reason: str
    migration_id: str | None
    """The migration that set them; None where a person did."""
    changed_by: str
    changed_at: datetime
    """Aware."""


_TARGET = pa.struct(
    [("provider", pa.string()), ("model", pa.string()), ("weight", pa.uint8()), ("variant", pa.string())]
)
_SCHEMA: pa.Schema = pa.schema(
    [
        ("route", pa.string()),
        ("version", pa.uint32()),
        ("targets", pa.list_(_TARGET)),
        ("shadow", pa.list_(_TARGET)),
        ("fallbacks", pa.list_(_TARGET)),
        ("reason", pa.string()),
        ("migration_id", pa.string()),
        ("changed_by", pa.string()),
        ("changed_at", pa.timestamp("us", tz="UTC")),
    ]
)
_COLUMNS = ", ".join(_SCHEMA.names)
# The first of a version counts, for every reader alike.
_FIRST = "ORDER BY route, version DESC, stored_at, changed_at, changed_by LIMIT 1 BY route"
_ONE = f"SELECT {_COLUMNS} FROM route_weights WHERE route = {{route:String}} {_FIRST}"
_VERSION = f"""
SELECT {_COLUMNS} FROM route_weights WHERE route = {{route:String}} AND version = {{version:UInt32}} {_FIRST}
"""
_ALL = f"SELECT {_COLUMNS} FROM route_weights {_FIRST} LIMIT {{limit:UInt32}}"
_NEWEST = "SELECT route, max(version) AS version FROM route_weights GROUP BY route"
_ROUTES = "SELECT uniqExact(route) AS routes FROM route_weights"
_COUNT = "SELECT count() AS versions FROM route_weights"


def read(store: Store, route: str) -> RouteWeights | None:
    """The newest version; None where none was ever written."""
    found = store.query_rows(_ONE, {"route": route})
    return _weights(found[0]) if found else None


def write(store: Store, weights: RouteWeights) -> None:
    """Store one version; it counts from now on, unless this version was stored before: then nothing happens.

    The caller gives the former version + 1. Of two that write the same version one wins; :func:`is_stored` tells who.
    """
    row = {**asdict(weights), "migration_id": weights.migration_id or ""}
    token = f"{weights.route}:{weights.version}"
    store.insert_arrow("route_weights", pa.Table.from_pylist([row], _SCHEMA), token)


def is_stored(store: Store, weights: RouteWeights) -> bool:
    """Is this what its version says? False for the loser of two writers, whatever was written on top since."""
    found = store.query_rows(_VERSION, {"route": weights.route, "version": weights.version})
    return bool(found) and _weights(found[0]) == weights


def read_all(store: Store) -> list[RouteWeights]:
    """The newest version of each route, by name, of the first :data:`MOST_ROUTES`."""
    return [_weights(row) for row in store.query_rows(_ALL, {"limit": MOST_ROUTES})]


def newest_versions(store: Store) -> dict[str, int]:
    """The number of the newest version of each route."""
    return {row["route"]: row["version"] for row in store.query_rows(_NEWEST)}


def count_routes(store: Store) -> int:
    """How many routes have weights."""
    return int(store.query_rows(_ROUTES)[0]["routes"])


def count_versions(store: Store) -> int:
    """How many versions there are of all routes together: another number than before says that something changed."""
    return int(store.query_rows(_COUNT)[0]["versions"])


def _weights(row: Mapping[str, Any]) -> RouteWeights:
    lists = {name: _targets(row[name]) for name in ("targets", "shadow", "fallbacks")}
    return RouteWeights(**{**row, **lists, "migration_id": row["migration_id"] or None})


def _targets(values: Sequence[Any]) -> tuple[Target, ...]:
    return tuple(_target(value) for value in values)


def _target(value: Any) -> Target:
    return Target(**value) if isinstance(value, Mapping) else Target(*value)
