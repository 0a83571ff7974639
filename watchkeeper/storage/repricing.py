"""Tables behind ``watchkeeper reprice``: calls to price again, what changed, and how far a run has come.

A run works in slices of one UTC day. The changed calls of a slice are staged with their old and new cost first; from
then on both rollups and the raw rows are derived from the staged rows alone, so that an interrupted slice can be
finished by anyone, at any time, with the same result.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pyarrow as pa

from watchkeeper.clock import Clock
from watchkeeper.errors import StoreRejected, StoreUnavailable
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

_IDS = ("trace_id", "span_id")
_REWRITTEN = (*COST_COLUMNS, "cost_status", "price_version")
_ROLLUPS = {"calls_1m": "toStartOfMinute", "calls_1h": "toStartOfHour"}
_SHIFTS = {
    "cost_usd": "toDecimal128(0, 9) + sum(ifNull(new_cost_usd, 0)) - sum(ifNull(old_cost_usd, 0))",
    "calls_unpriced": "toUInt64(countIf(new_cost_status = 'unpriced') - countIf(old_cost_status = 'unpriced'))",
}
"""How each summed rollup column moves. Counts are unsigned: a decrease wraps round, and so does its sum."""


class Store(Protocol):
    """What this module needs of the store's client."""

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None: ...

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table: ...

    def insert(self, table: str, data: pa.Table, token: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Period:
    """Which calls to price again: ``begin <= ts < end`` (aware), of one model (asked for or served) or of all."""

    begin: datetime
    end: datetime
    model: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """How far a run has come. ``slice_id`` names the staged slice in work, up to ``slice_end``; empty: none."""

    run_id: str
    period: Period
    done_until: datetime
    step: int = 0
    finished: bool = False
    slice_id: str = ""
    slice_end: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def staged(self, slice_id: str, slice_end: datetime) -> "Run":
        """This run with a slice in work."""
        return replace(self, step=self.step + 1, slice_id=slice_id, slice_end=slice_end)

    def advanced(self, until: datetime) -> "Run":
        """This run with everything before ``until`` done."""
        return replace(self, step=self.step + 1, slice_id="", done_until=until)

    def completed(self) -> "Run":
        """This run at its end."""
        return replace(self, step=self.step + 1, finished=True)


class Repricing:
    """Reads calls to price again and writes what changed. One run at a time; not thread-safe."""

    def __init__(self, store: Store, clock: Clock, patience_s: float = 600.0) -> None:
        self._store = store
        self._clock = clock
        self._patience_s = patience_s

    def slices(self, period: Period, most_calls: int) -> Iterator[tuple[datetime, datetime]]:
        """Consecutive parts of ``period``, each within a UTC day and of about ``most_calls`` calls at most."""
        minutes = self._store.query(
            f"SELECT toStartOfMinute(ts) AS minute, count() AS calls FROM calls WHERE {_WITHIN} "
            "GROUP BY minute ORDER BY minute",
            _within(period),
        )
        yield from _cut(period, _pairs(minutes), most_calls)

    def calls(self, period: Period) -> pa.Table:
        """The calls of ``period``: what decides their price, what they cost now, and where they are counted."""
        columns = dict.fromkeys((*_IDS, *PRICED_FROM, *ROLLUP_KEYS, *_REWRITTEN))
        return self._store.query(f"SELECT {', '.join(columns)} FROM calls WHERE {_WITHIN}", _within(period))

    def unfinished(self) -> Run | None:
        """The oldest run that was interrupted."""
        found = self._store.query(
            "SELECT * FROM (SELECT * FROM reprice_runs ORDER BY step DESC LIMIT 1 BY run_id) "
            "WHERE NOT finished ORDER BY at LIMIT 1"
        ).to_pylist()
        return _run(found[0]) if found else None

    def record(self, run: Run) -> None:
        """Remember ``run`` as it is now."""
        row = {
            "run_id": run.run_id,
            "step": run.step,
            "at": self._clock.now(),
            "begin_at": run.period.begin,
            "end_at": run.period.end,
            "model": run.period.model,
            "done_until": run.done_until,
            "finished": run.finished,
            "slice_id": run.slice_id,
            "slice_end": run.slice_end,
        }
        data = pa.Table.from_pylist([row], _RUNS)
        self._store.insert("reprice_runs", data, f"reprice:{run.run_id}:{run.step}")

    def stage(self, slice_id: str, changed: pa.Table) -> None:
        """Remember the changed calls of a slice: columns of :meth:`calls`, costs as ``old_…`` and ``new_…``."""
        ids = pa.repeat(pa.scalar(slice_id), changed.num_rows)
        wanted = [*_IDS, "ts", *ROLLUP_KEYS, *(f"{age}_{name}" for age in ("old", "new") for name in _REWRITTEN)]
        data = changed.select(list(dict.fromkeys(wanted))).append_column("slice_id", ids)
        self._store.insert("repriced_calls", data, f"reprice:{slice_id}")

    def shift_rollups(self, slice_id: str, *, check: bool) -> None:
        """Add what a staged slice changed to both rollups, once.

        A repeated insert is dropped by its token while the rollup's deduplication window lasts. After an
        interruption of unknown length ``check`` asks the rollups themselves. Raises
        :class:`~watchkeeper.errors.StoreUnavailable` when they give no clear answer.
        """
        for rollup, bucket in _ROLLUPS.items():
            if not (check and self._is_shifted(slice_id, rollup, bucket)):
                self._store.execute(_shift_sql(rollup, bucket), {"slice": slice_id, "token": f"reprice:{slice_id}"})

    def rewrite_calls(self, slice_id: str) -> None:
        """Give the raw rows of a staged slice their new cost; again and again gives the same."""
        self._await_mutations()
        self._store.execute(
            f"CREATE OR REPLACE TABLE repriced_now ENGINE = Join(ANY, LEFT, {', '.join(_IDS)}) AS "
            f"SELECT {', '.join(_IDS)}, {', '.join(f'new_{name} AS {name}' for name in _REWRITTEN)} "
            "FROM repriced_calls WHERE slice_id = {slice:String}",
            {"slice": slice_id},
        )
        days = self._store.query(
            "SELECT DISTINCT toString(toDate(ts)) AS day FROM repriced_calls WHERE slice_id = {slice:String}",
            {"slice": slice_id},
        )
        for day in days["day"].to_pylist():
            self._store.execute(_rewrite_sql(self._database(), day))

    def forget(self) -> None:
        """Drop everything that is staged: what is done, and what an interruption left without a record."""
        self._store.execute("DROP TABLE IF EXISTS repriced_now")
        self._store.execute("TRUNCATE TABLE repriced_calls")

    def _database(self) -> str:
        # A mutation runs in the background, where the session's database is not the default any more.
        return str(self._store.query("SELECT currentDatabase() AS name")["name"][0].as_py())

    def _is_shifted(self, slice_id: str, rollup: str, bucket: str) -> bool:
        begun = self._clock.monotonic()
        while True:
            (seen,) = self._store.query(_evidence_sql(rollup, bucket), {"slice": slice_id}).to_pylist()
            # One insert is one block: a rollup has all of a slice or nothing of it. Calls that are being inserted
            # right now make single buckets unclear, never the opposite of the others.
            if not seen["moved"]:
                return True
            if bool(seen["after"]) != bool(seen["before"]):
                return bool(seen["after"])
            if self._clock.monotonic() - begun > self._patience_s:
                raise StoreUnavailable(
                    f"cannot tell whether {rollup} already has the changes of {slice_id}: its sums fit neither "
                    "the old nor the new cost of the calls; try again when fewer calls arrive"
                )
            self._clock.sleep(1.0)

    def _await_mutations(self) -> None:
        begun = self._clock.monotonic()
        while True:
            pending = self._store.query(
                "SELECT mutation_id, latest_fail_reason FROM system.mutations "
                "WHERE database = currentDatabase() AND table = 'calls' AND NOT is_done"
            ).to_pylist()
            if not pending:
                return
            if self._clock.monotonic() - begun > self._patience_s:
                raise StoreRejected(
                    f"mutation {pending[0]['mutation_id']} of table calls does not finish "
                    f"({pending[0]['latest_fail_reason'] or 'no reason given'}); end it with KILL MUTATION, then "
                    "run reprice again"
                )
            self._clock.sleep(1.0)


_RUNS = pa.schema(
    [
        ("run_id", pa.string()),
        ("step", pa.uint64()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("begin_at", pa.timestamp("us", tz="UTC")),
        ("end_at", pa.timestamp("us", tz="UTC")),
        ("model", pa.string()),
        ("done_until", pa.timestamp("us", tz="UTC")),
        ("finished", pa.bool_()),
        ("slice_id", pa.string()),
        ("slice_end", pa.timestamp("us", tz="UTC")),
    ]
)

_WITHIN = (
    "ts >= fromUnixTimestamp64Micro({begin:Int64}, 'UTC') AND ts < fromUnixTimestamp64Micro({end:Int64}, 'UTC') "
    "AND ({model:String} = '' OR model = {model:String} OR request_model = {model:String})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _within(period: Period) -> dict[str, Any]:
    microsecond = timedelta(microseconds=1)
    begin, end = ((moment - _EPOCH) // microsecond for moment in (period.begin, period.end))
    return {"begin": begin, "end": end, "model": period.model}


def _pairs(minutes: pa.Table) -> list[tuple[datetime, int]]:
    begins = minutes["minute"].cast(pa.int64()).to_pylist()
    return [(datetime.fromtimestamp(b, UTC), n) for b, n in zip(begins, minutes["calls"].to_pylist(), strict=True)]


def _cut(
    period: Period, minutes: list[tuple[datetime, int]], most_calls: int
) -> Iterator[tuple[datetime, datetime]]:
    begin, calls, end = period.begin, 0, period.end
    for minute, count in minutes:
        if calls and (minute >= end or calls + count > most_calls):
            yield begin, min(minute, end)
            begin, calls = min(minute, end), 0
        if not calls:
            # A slice is one partition of the raw table and one of each rollup, so that each insert is one block.
            day = minute.replace(hour=0, minute=0)
            begin, end = max(begin, day), min(day + timedelta(days=1), period.end)
        calls += count
    if calls:
        yield begin, end


def _run(row: Mapping[str, Any]) -> Run:
    return Run(
        run_id=row["run_id"],
        period=Period(row["begin_at"], row["end_at"], row["model"]),
        done_until=row["done_until"],
        step=row["step"],
        finished=row["finished"],
        slice_id=row["slice_id"],
        slice_end=row["slice_end"],
    )


def _shift_sql(rollup: str, bucket: str) -> str:
    keys = ", ".join(ROLLUP_KEYS)
    # One thread and one order: the block, and with it the token, must come out the same in a repetition.
    return (
        f"INSERT INTO {rollup} (bucket, {keys}, {', '.join(_SHIFTS)}) "
        "SETTINGS insert_deduplication_token = {token:String}, async_insert = 0, max_insert_threads = 1 "
        f"SELECT {bucket}(ts) AS bucket, {keys}, {', '.join(_SHIFTS.values())} FROM repriced_calls "
        f"WHERE slice_id = {{slice:String}} GROUP BY bucket, {keys} ORDER BY bucket, {keys}"
    )


def _evidence_sql(rollup: str, bucket: str) -> str:
    """How many rollup rows that a slice moves still hold the sums from before, how many those from after.

    The truth from before is computed from the raw rows with the staged ones at their old cost, whatever they hold now.
    """
    keys = ", ".join(ROLLUP_KEYS)
    staged = "FROM repriced_calls WHERE slice_id = {slice:String}"
    hours = f"SELECT DISTINCT toStartOfHour(ts) {staged}"
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
                FROM {rollup} WHERE toStartOfHour(bucket) IN ({hours})
                UNION ALL
                SELECT 'rest', {bucket}(ts) AS bucket, {keys}, {measures("")}
                FROM calls WHERE toStartOfHour(ts) IN ({hours})
                  AND ({", ".join(_IDS)}) NOT IN (SELECT {", ".join(_IDS)} {staged})
                UNION ALL
                SELECT 'old', {bucket}(ts) AS bucket, {keys}, {measures("old_")} {staged}
                UNION ALL
                SELECT 'new', {bucket}(ts) AS bucket, {keys}, {measures("new_")} {staged}
            )
            GROUP BY bucket, {keys}
            HAVING before != after
        )"""


def _rewrite_sql(database: str, day: str) -> str:
    ids = ", ".join(_IDS)
    now = ", ".join(f"{name} = joinGet('{database}.repriced_now', '{name}', {ids})" for name in _REWRITTEN)
    return (
        f"ALTER TABLE calls UPDATE {now} IN PARTITION '{day}' "
        f"WHERE ({ids}) IN (SELECT {ids} FROM {database}.repriced_now) "
        "SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1"
    )
