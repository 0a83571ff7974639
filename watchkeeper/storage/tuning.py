"""Engine settings of the tables that every batch writes to; measured by ``benchmarks/insert.py``.

They change cost, never results, and differ between versions of ClickHouse, so that each is set only where the engine
knows it. They are no migration: a new measurement changes them in place.
"""

from collections.abc import Mapping

from watchkeeper.storage.client import Store

_INSERTED_PARTS = {
    # Statistics of 60 columns are computed anew by every merge, and no query of ours uses them.
    "auto_statistics_types": "''",
    # What an insert writes is one file instead of a dozen: creating files is up to a third of its cost. Merged parts
    # are ordinary ones again, because the engine builds a part of one file in memory.
    "min_level_for_full_part_storage": "1",
}
TUNING: Mapping[str, Mapping[str, str]] = {
    "calls": {
        **_INSERTED_PARTS,
        # To rewrite a row in a merge costs as much as to insert it. So rows are rewritten few times (fifty parts become
        # one), in large blocks, and merged parts stay compact for long, which halves the cost of the first merge.
        "min_parts_to_merge_at_once": "50",
        "merge_max_block_size": "65536",
        "min_bytes_for_wide_part": str(128 * 2**20),
    },
    "calls_1m": {**_INSERTED_PARTS, "min_parts_to_merge_at_once": "10"},
    "calls_1h": {**_INSERTED_PARTS, "min_parts_to_merge_at_once": "10"},
    "calls_1d": {**_INSERTED_PARTS, "min_parts_to_merge_at_once": "10"},
}


def apply_tuning(store: Store, tuning: Mapping[str, Mapping[str, str]] = TUNING) -> None:
    """Set what the engine knows and what is not yet as wanted."""
    known = {row["name"] for row in store.query_rows("SELECT name FROM system.merge_tree_settings")}
    present = {
        row["name"]: row["engine_full"]
        for row in store.query_rows("SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()")
    }
    for table, settings in tuning.items():
        missing = [
            f"{name} = {value}"
            for name, value in settings.items()
            if name in known and f"{name} = {value}" not in present[table]
        ]
        if missing:
            store.command(f"ALTER TABLE {table} MODIFY SETTING {', '.join(missing)}")
