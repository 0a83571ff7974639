"""Numbered migrations: ``migrations/NNNN_name.sql``, applied once each, in order.

A statement of a migration is safe to repeat (``IF NOT EXISTS``): a run that was cut off starts the file anew. Runs of
one process take turns; of several processes on one server only one may migrate what holds calls already. A file never
changes once released; a change is a new file.
"""

import contextlib
import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import pyarrow as pa

from watchkeeper.errors import ConfigError
from watchkeeper.storage.client import Store
from watchkeeper.storage.retention import Retention, apply_retention
from watchkeeper.storage.tuning import apply_tuning

_STATUS = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  version UInt32,
  name String,
  checksum String,
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree ORDER BY version SETTINGS non_replicated_deduplication_window = 1000
"""

_STATUS_EXISTS = "SELECT 1 FROM system.tables WHERE database = {database:String} AND name = 'schema_migrations'"

_TURN = threading.Lock()


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        """The file's statements; each ends with a semicolon at the end of a line."""
        lines = [line for line in self.text.splitlines() if not line.lstrip().startswith("--")]
        return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip().rstrip(";")]


def shipped_migrations() -> list[Migration]:
    """The migrations of this version of Watchkeeper, in order."""
    folder = files("watchkeeper.storage") / "migrations"
    found = []
    for file in folder.iterdir():
        number, _, name = file.name.removesuffix(".sql").partition("_")
        if file.name.endswith(".sql") and number.isdigit():
            found.append(Migration(int(number), name, file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.version)


class Migrator:
    """Brings a database to the shape that this version of Watchkeeper needs."""

    def __init__(self, store: Store, retention: Retention, migrations: Sequence[Migration] | None = None) -> None:
        self._store = store
        self._retention = retention
        self._migrations = shipped_migrations() if migrations is None else list(migrations)

    def run(self) -> list[Migration]:
        """Apply what is missing, then retention and engine settings; returns what was applied. Safe to repeat.

        Raises :class:`~watchkeeper.errors.ConfigError` when a file that was applied before has changed since, or when
        the database comes from a newer version.
        """
        with _TURN:
            self._store.create_database()
            self._store.command(_STATUS)
            missing = self._missing(self._applied())
            for migration in missing:
                self._apply(migration)
            apply_tuning(self._store)
            apply_retention(self._store, self._retention)
        return missing

    def pending(self) -> list[Migration]:
        """Migrations that are not applied yet, all of a database that does not exist. Raises as :meth:`run` does."""
        return self._missing(self._applied() if self._was_migrated() else {})

    def _missing(self, applied: Mapping[int, str]) -> list[Migration]:
        known = {migration.version for migration in self._migrations}
        if unknown := sorted(set(applied) - known):
            raise ConfigError(
                f"database {self._store.config.database} has migration {unknown[-1]}, which this version of "
                "Watchkeeper does not know: install the newer version again"
            )
        for migration in self._migrations:
            if applied.get(migration.version, migration.checksum) != migration.checksum:
                raise ConfigError(
                    f"migration {migration.version:04}_{migration.name}.sql has changed since it was applied to "
                    f"database {self._store.config.database}: restore the file and put the change into a new one"
                )
        return [migration for migration in self._migrations if migration.version not in applied]

    def _was_migrated(self) -> bool:
        # Asked from outside: of a database that does not exist nothing can be asked.
        with contextlib.closing(self._store.beside("default")) as outside:
            return bool(outside.query_rows(_STATUS_EXISTS, {"database": self._store.config.database}))

    def _applied(self) -> dict[int, str]:
        rows = self._store.query_rows("SELECT DISTINCT version, checksum FROM schema_migrations")
        return {row["version"]: row["checksum"] for row in rows}

    def _apply(self, migration: Migration) -> None:
        for statement in migration.statements:
            self._store.command(statement)
        row = {"version": migration.version, "name": migration.name, "checksum": migration.checksum}
        data = pa.Table.from_pylist([row], _STATUS_ROW)
        self._store.insert_arrow("schema_migrations", data, f"migration:{migration.version}:{migration.checksum}")


_STATUS_ROW = pa.schema([("version", pa.uint32()), ("name", pa.string()), ("checksum", pa.string())])
