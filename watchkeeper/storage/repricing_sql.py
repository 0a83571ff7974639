"""The statements of :mod:`watchkeeper.storage.repricing`: which columns they touch, and how."""

from watchkeeper.schema import ROLLUP_KEYS

COST_COLUMNS = ("cost_usd", "cost_input_usd", "cost_cache_read_usd", "cost_cache_write_usd", "cost_output_usd")
PRICED_FROM = (
    "ts",
    "provider",
    "request_model",
    "model",
    "service_tier",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_reported_usd",
    "gateway_cache_hit",
)
"""Columns of a call that decide its price."""

IDS = ("trace_id", "span_id")
"""What names a call."""

REWRITTEN = (*COST_COLUMNS, "cost_status", "price_version")
"""Columns that a repricing writes."""

_SHIFTS = {
    **{name: f"toDecimal128(0, 9) + sum(ifNull(new_{name}, 0)) - sum(ifNull(old_{name}, 0))" for name in COST_COLUMNS},
    "calls_unpriced": "toUInt64(countIf(new_cost_status = 'unpriced') - countIf(old_cost_status = 'unpriced'))",
}
"""How each summed rollup column moves. Counts are unsigned: a decrease wraps round, and so does its sum."""
_FURTHER_SHIFTS = {
    "calls_1h": {"calls_with_cost": "toUInt64(countIf(new_cost_usd IS NOT NULL) - countIf(old_cost_usd IS NOT NULL))"}
}
"""Of columns that only one rollup has."""

WITHIN = (
    "ts >= fromUnixTimestamp64Micro({begin:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({end:Int64}, 'UTC') "
    "AND ({model:String} = '' OR model = {model:String} OR request_model = {model:String})"
)
"""Calls of a period; its bounds are microseconds, an empty model is every model."""

STAGED = "FROM repriced_calls WHERE slice_id = {slice:String}"
LAST_RUN = (
    "SELECT * FROM (SELECT * FROM reprice_runs ORDER BY step DESC LIMIT 1 BY run_id) "
    "WHERE NOT finished ORDER BY at LIMIT 1"
)
PENDING_MUTATIONS = (
    "SELECT mutation_id, latest_fail_reason FROM system.mutations "
    "WHERE database = {database:String} AND table = 'calls' AND NOT is_done"
)


def shift(rollup: str, bucket: str, token: str) -> str:
    """Add what a staged slice changed to ``rollup``, at most once a token. ``token`` needs no quoting."""
    keys = ", ".join(ROLLUP_KEYS)
    shifts = {**_SHIFTS, **_FURTHER_SHIFTS.get(rollup, {})}
    # One thread and one order: the block, and with it the token, must come out the same in a repetition.
    return (
        f"INSERT INTO {rollup} (bucket, {keys}, {', '.join(shifts)}) "
        f"SETTINGS insert_deduplication_token = '{token}', async_insert = 0, max_insert_threads = 1 "
        f"SELECT {bucket}(ts) AS bucket, {keys}, {', '.join(shifts.values())} {STAGED} "
        f"GROUP BY bucket, {keys} ORDER BY bucket, {keys}"
    )


def evidence(rollup: str, bucket: str) -> str:
    """How many rollup rows that a slice moves still hold the sums from before, how many those from after.

    The truth from before is computed from the raw rows with the staged ones at their old cost, whatever they hold now.
    """
    keys = ", ".join(ROLLUP_KEYS)
    # Minutes are looked at by the hour: fewer values to search.
    span = "toStartOfDay" if bucket == "toStartOfDay" else "toStartOfHour"
    spans = f"SELECT DISTINCT {span}(ts) {STAGED}"
    unpriced = "toInt64({}cost_status = 'unpriced')"
    cost = "toDecimal128(ifNull({}cost_usd, 0), 9)"

    def measures(age: str) -> str:
        return f"{cost.format(age)} AS cost, {unpriced.format(age)} AS unpriced"

    return f"""
        SELECT count() AS moved,
               countIf(seen = before) AS before,
               countIf(seen = after) AS after
        FROM (
            SELECT (sumIf(cost, part = 'seen'), sumIf(unpriced, part = 'seen')) AS seen,
                   (sumIf(cost, part IN ('rest', 'old')), sumIf(unpriced, part IN ('rest', 'old'))) AS before,
                   (sumIf(cost, part IN ('rest', 'new')), sumIf(unpriced, part IN ('rest', 'new'))) AS after
            FROM (
                SELECT 'seen' AS part, bucket, {keys}, toDecimal128(ifNull(cost_usd, 0), 9) AS cost,
                       reinterpretAsInt64(calls_unpriced) AS unpriced
                FROM {rollup} WHERE {span}(bucket) IN ({spans})
                UNION ALL
                SELECT 'rest', {bucket}(ts) AS bucket, {keys}, {measures("")}
                FROM calls WHERE {span}(ts) IN ({spans})
                  AND ({", ".join(IDS)}) NOT IN (SELECT {", ".join(IDS)} {STAGED})
                UNION ALL
                SELECT 'old', {bucket}(ts) AS bucket, {keys}, {measures("old_")} {STAGED}
                UNION ALL
                SELECT 'new', {bucket}(ts) AS bucket, {keys}, {measures("new_")} {STAGED}
            )
            GROUP BY bucket, {keys}
            HAVING before != after
        )"""


def lookup() -> str:
    """The new costs of a staged slice, as ``joinGet`` looks them up."""
    costs = ", ".join(f"new_{name} AS {name}" for name in REWRITTEN)
    return (
        f"CREATE OR REPLACE TABLE repriced_now ENGINE = Join(ANY, LEFT, {', '.join(IDS)}) AS "
        f"SELECT {', '.join(IDS)}, {costs} {STAGED}"
    )


def rewrite(database: str, day: str) -> str:
    """Give the raw rows of one day their new cost. Returns at once; the mutation runs in the background."""
    # There the session's database is not the default any more, so the lookup is named in full.
    ids = ", ".join(IDS)
    now = ", ".join(f"{name} = joinGet('{database}.repriced_now', '{name}', {ids})" for name in REWRITTEN)
    return (
        f"ALTER TABLE calls UPDATE {now} IN PARTITION '{day}' "
        f"WHERE ({ids}) IN (SELECT {ids} FROM {database}.repriced_now) "
        "SETTINGS mutations_sync = 0, allow_nondeterministic_mutations = 1"
    )
