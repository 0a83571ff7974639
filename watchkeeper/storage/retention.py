"""How long rows are kept: a TTL per table, set from settings at every start."""

import re
from dataclasses import dataclass

from watchkeeper.errors import ConfigError
from watchkeeper.storage.client import Store

MOST_DAYS = 20_000
"""ClickHouse counts the seconds of a TTL in 32 bits; this keeps their end before the year 2106."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days after which the rows of a table go."""

    calls_days: int = 30
    rollup_1m_days: int = 90
    rollup_1h_days: int = 730
    scores_days: int = 730
    dead_letters_days: int = 14
    content_days: int = 3
    regressions_days: int = 730
    detector_state_days: int = 30
    """Of detectors that run no more: those that run save anew all the time."""
    audit_days: int = 730

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 1 <= getattr(self, name) <= MOST_DAYS:
                raise ConfigError(f"{name} is {getattr(self, name)}: choose a number of days from 1 to {MOST_DAYS}")


def apply_retention(store: Store, retention: Retention) -> None:
    """Set the TTL of each table that there is, where it is not yet as wanted."""
    present = _present(store)
    for table, wanted in _wanted(retention).items():
        if present.get(table, wanted) != wanted:
            store.command(f"ALTER TABLE {table} MODIFY TTL {wanted}")


def _wanted(retention: Retention) -> dict[str, str]:
    def after(column: str, days: int) -> str:
        return f"{column} + toIntervalDay({days})"

    return {
        "calls": after("toDateTime(ts)", retention.calls_days),
        "calls_1m": after("bucket", retention.rollup_1m_days),
        "calls_1h": after("bucket", retention.rollup_1h_days),
        "calls_1d": after("bucket", retention.rollup_1h_days),
        "scores": after("toDateTime(ts)", retention.scores_days),
        "dead_letters": after("toDateTime(stored_at)", retention.dead_letters_days),
        "content": after("toDateTime(ts)", retention.content_days),
        "regressions": after("toDateTime(at)", retention.regressions_days),
        "regression_actions": after("toDateTime(at)", retention.regressions_days),
        "budget_events": after("toDateTime(at)", retention.regressions_days),
        "notices": after("toDateTime(at)", retention.regressions_days),
        "alert_deliveries": after("toDateTime(at)", retention.regressions_days),
        "alert_decisions": after("toDateTime(at)", retention.regressions_days),
        "alert_acknowledgements": after("toDateTime(at)", retention.regressions_days),
        "comparison_results": after("toDateTime(at)", retention.regressions_days),
        "audit_log": after("toDateTime(at)", retention.audit_days),
        "detector_state": after("toDateTime(saved_at)", retention.detector_state_days),
    }


def _present(store: Store) -> dict[str, str]:
    """The TTL of each table; empty where it has none."""
    rows = store.query_rows("SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()")
    found = {row["name"]: re.search(r" TTL (.+?)(?: SETTINGS |$)", row["engine_full"]) for row in rows}
    return {table: match[1] if match else "" for table, match in found.items()}
