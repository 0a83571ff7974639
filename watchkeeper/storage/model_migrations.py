"""Tables ``model_migrations`` and ``migration_decisions``: routes on their way to another model, and what was decided.

Nothing is ever changed. A migration stands as its last decision says. Both tables are written by whoever is first: a
second migration with the same number of its route, or a second decision with the same number of its migration, is
dropped by its token or, once that is forgotten, passed over by every reader. Who writes reads back who won.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import Target

MOST_MIGRATIONS = 10_000
"""That one read returns, the latest ones."""
MOST_DECISIONS = 1_000
"""Of one migration; whoever decides writes no more warnings beyond."""


@dataclass(frozen=True, slots=True)
class Served:
    """A model at a provider."""

    provider: str
    model: str
    """As it is requested, or as it is served."""


@dataclass(frozen=True, slots=True)
class ModelMigration:
    """One migration of a route, as it was begun."""

    id: str
    route: str
    number: int
    """1 for the first of its route; the writer gives the former one + 1."""
    baseline: Served
    candidate: Served
    limits: Mapping[str, float]
    """What differs from the usual limits of the triggers, by name."""
    gates: Mapping[str, float]
    """What differs from the usual gates, by ``phase.name``."""
    score: str
    """Name of the feedback that says how satisfied users are; empty: the one given most often."""
    advice: str
    """The advice it follows; empty for none."""
    reason: str
    targets: tuple[Target, ...]
    """Weights of the route before, as are the next two: what a rollback goes back to."""
    shadow: tuple[Target, ...]
    fallbacks: tuple[Target, ...]
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MigrationDecision:
    """One step of a migration, or what was noticed."""

    migration_id: str
    seq: int
    """1 for the begin; the writer gives the former one + 1."""
    decision_id: str
    """Of this writer alone: so it learns whether its decision is the one that counts."""
    step: str
    """``start``, ``promote``, ``roll_back``, ``cancel``, ``pause``, ``resume``, ``warn`` or ``warnings_end``."""
    phase: str
    """From now on."""
    phase_began_at: datetime
    paused: bool
    reason: str
    warnings: Mapping[str, str]
    """What warns from now on, by name."""
    decided_by: str
    decided_at: datetime
    weights_version: int
    """Of the route, with which the decision takes effect, or which it left as it is; 0 where none was written yet."""
    facts: Mapping[str, float | None]
    """The numbers behind it; None: unknown."""


_TARGET = pa.struct(
    [("provider", pa.string()), ("model", pa.string()), ("weight", pa.uint8()), ("variant", pa.string())]
)
_MICROS = pa.timestamp("us", tz="UTC")
_MIGRATIONS: pa.Schema = pa.schema(
    [
        *((name, pa.string()) for name in ("route", "id", "score", "advice", "reason", "created_by")),
        *((f"{arm}_{name}", pa.string()) for arm in ("baseline", "candidate") for name in ("provider", "model")),
        ("number", pa.uint32()),
        *((name, pa.map_(pa.string(), pa.float64())) for name in ("limits", "gates")),
        *((name, pa.list_(_TARGET)) for name in ("targets", "shadow", "fallbacks")),
        ("created_at", _MICROS),
    ]
)
_DECISIONS: pa.Schema = pa.schema(
    [
        *((name, pa.string()) for name in ("migration_id", "decision_id", "step", "phase", "reason", "decided_by")),
        *((name, pa.uint32()) for name in ("seq", "weights_version")),
        *((name, _MICROS) for name in ("phase_began_at", "decided_at")),
        ("paused", pa.bool_()),
        ("warnings", pa.map_(pa.string(), pa.string())),
        ("facts", pa.map_(pa.string(), pa.float64())),
    ]
)
_OF_MIGRATION = ", ".join(_MIGRATIONS.names)
_OF_DECISION = ", ".join(_DECISIONS.names)
_COUNTED = (
    f"SELECT {_OF_MIGRATION} FROM model_migrations ORDER BY route, number, stored_at, id LIMIT 1 BY route, number"
)
_LIST = f"""
SELECT * FROM ({_COUNTED}) WHERE ({{route:String}} = '' OR route = {{route:String}})
ORDER BY created_at DESC, id LIMIT {{limit:UInt32}}
"""
_ONE = f"SELECT * FROM ({_COUNTED}) WHERE id = {{id:String}}"
_OF_ROUTE = f"SELECT * FROM ({_COUNTED}) WHERE route = {{route:String}} ORDER BY number DESC LIMIT 1"
_FIRST_OF_SEQ = "ORDER BY migration_id, seq, stored_at, decision_id LIMIT 1 BY migration_id, seq"
_LOG = f"""
SELECT {_OF_DECISION} FROM migration_decisions WHERE migration_id = {{id:String}} {_FIRST_OF_SEQ}
LIMIT {{limit:UInt32}}
"""
_LAST = f"""
SELECT * FROM (
  SELECT {_OF_DECISION} FROM migration_decisions WHERE migration_id IN {{ids:Array(String)}} {_FIRST_OF_SEQ}
) ORDER BY migration_id, seq DESC LIMIT 1 BY migration_id
"""


def begin(store: Store, migration: ModelMigration) -> bool:
    """Store ``migration``; false where another one with its number was first."""
    row = asdict(migration)
    for arm in ("baseline", "candidate"):
        served = row.pop(arm)
        row |= {f"{arm}_provider": served["provider"], f"{arm}_model": served["model"]}
    row |= {name: sorted(row[name].items()) for name in ("limits", "gates")}
    token = f"{migration.route}:{migration.number}"
    store.insert_arrow("model_migrations", pa.Table.from_pylist([row], _MIGRATIONS), token)
    return find(store, migration.id) is not None


def find(store: Store, migration_id: str) -> ModelMigration | None:
    """The migration; None where there is none."""
    found = store.query_rows(_ONE, {"id": migration_id})
    return _migration(found[0]) if found else None


def newest_of(store: Store, route: str) -> ModelMigration | None:
    """The last migration of ``route``, under way or not; None where it never had one."""
    found = store.query_rows(_OF_ROUTE, {"route": route})
    return _migration(found[0]) if found else None


def list_migrations(store: Store, limit: int = MOST_MIGRATIONS, route: str = "") -> list[ModelMigration]:
    """The latest ones first; of one route, or of all."""
    return [_migration(row) for row in store.query_rows(_LIST, {"limit": limit, "route": route})]


def decide(store: Store, decision: MigrationDecision) -> bool:
    """Store ``decision``; false where another one with its number was first."""
    row = {**asdict(decision), "warnings": sorted(decision.warnings.items()), "facts": sorted(decision.facts.items())}
    token = f"{decision.migration_id}:{decision.seq}"
    store.insert_arrow("migration_decisions", pa.Table.from_pylist([row], _DECISIONS), token)
    stored = {one.seq: one.decision_id for one in decisions(store, decision.migration_id, decision.seq)}
    return stored.get(decision.seq) == decision.decision_id


def decisions(store: Store, migration_id: str, limit: int = MOST_DECISIONS) -> list[MigrationDecision]:
    """The first ``limit`` decisions on a migration, in order."""
    return [_decision(row) for row in store.query_rows(_LOG, {"id": migration_id, "limit": limit})]


def last_decisions(store: Store, migration_ids: Collection[str]) -> dict[str, MigrationDecision]:
    """The last decision on each of these migrations."""
    if not migration_ids:
        return {}
    rows = store.query_rows(_LAST, {"ids": sorted(migration_ids)})
    return {row["migration_id"]: _decision(row) for row in rows}


def _migration(row: Mapping[str, Any]) -> ModelMigration:
    names = [name for name in ModelMigration.__slots__ if name in row]
    arms = {arm: Served(row[f"{arm}_provider"], row[f"{arm}_model"]) for arm in ("baseline", "candidate")}
    lists = {name: _targets(row[name]) for name in ("targets", "shadow", "fallbacks")}
    maps = {name: dict(row[name]) for name in ("limits", "gates")}
    return ModelMigration(**{**{name: row[name] for name in names}, **arms, **lists, **maps})


def _targets(values: Sequence[Any]) -> tuple[Target, ...]:
    return tuple(Target(**value) if isinstance(value, Mapping) else Target(*value) for value in values)


def _decision(row: Mapping[str, Any]) -> MigrationDecision:
    return MigrationDecision(**{**row, "warnings": dict(row["warnings"]), "facts": dict(row["facts"])})
