"""Tables behind ``watchkeeper reprice``: calls to price again, what changed, and how far a run has come.

A run works in slices of one UTC day. The changed calls of a slice are staged with their old and new cost first; from
then on both rollups and the raw rows are derived from the staged rows alone, so that an interrupted slice can be
finished by anyone, at any time, with the same result.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from watchkeeper.clock import Clock
from watchkeeper.errors import StoreRejected, StoreUnavailable
from watchkeeper.schema import ROLLUP_KEYS
from watchkeeper.storage import repricing_sql as sql
from watchkeeper.storage.client import Store
from watchkeeper.storage.names import identifier
from watchkeeper.storage.reconcile import ROLLUPS

_POLL_S = 0.2


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
        minutes = self._store.query_arrow(
            f"SELECT toStartOfMinute(ts) AS minute, count() AS calls FROM calls WHERE {sql.WITHIN} "
            "GROUP BY minute ORDER BY minute",
            _within(period),
        )
        yield from _cut(period, _pairs(minutes), most_calls)

    def calls(self, period: Period) -> pa.Table:
        """The calls of ``period``: what decides their price, what they cost now, and where they are counted."""
        columns = dict.fromkeys((*sql.IDS, "calls", *sql.PRICED_FROM, *ROLLUP_KEYS, *sql.REWRITTEN))
        return self._store.query_arrow(f"SELECT {', '.join(columns)} FROM calls WHERE {sql.WITHIN}", _within(period))

    def unfinished(self) -> Run | None:
        """The oldest run that was interrupted."""
        found = self._store.query_rows(sql.LAST_RUN)
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
        self._store.insert_arrow("reprice_runs", data, f"reprice:{run.run_id}:{run.step}")

    def stage(self, slice_id: str, changed: pa.Table) -> None:
        """Remember the changed calls of a slice: columns of :meth:`calls`, costs as ``old_…`` and ``new_…``."""
        ids = pa.repeat(pa.scalar(slice_id), changed.num_rows)
        wanted = [*sql.IDS, "ts", *ROLLUP_KEYS, *(f"{age}_{name}" for age in ("old", "new") for name in sql.REWRITTEN)]
        data = changed.select(list(dict.fromkeys(wanted))).append_column("slice_id", ids)
        self._store.insert_arrow("repriced_calls", data, f"reprice:{slice_id}")

    def shift_rollups(self, slice_id: str, *, check: bool) -> None:
        """Add what a staged slice changed to both rollups, once.

        A repeated insert is dropped by its token while the rollup's deduplication window lasts. After an
        interruption of unknown length ``check`` asks the rollups themselves. Raises
        :class:`~watchkeeper.errors.StoreUnavailable` when they give no clear answer.
        """
        for rollup, bucket in ROLLUPS.items():
            if not (check and self._is_shifted(slice_id, rollup, bucket)):
                statement = sql.shift(rollup, bucket, f"reprice:{identifier(slice_id)}")
                self._store.command(statement, {"slice": slice_id})

    def rewrite_calls(self, slice_id: str) -> None:
        """Give the raw rows of a staged slice their new cost; again and again gives the same."""
        self._await_mutations()
        self._store.command(sql.lookup(), {"slice": slice_id})
        days = f"SELECT DISTINCT toString(toDate(ts)) AS day {sql.STAGED}"
        for row in self._store.query_rows(days, {"slice": slice_id}):
            self._store.command(sql.rewrite(self._store.config.database, row["day"]))
        # The lookup must stay until the last row is rewritten.
        self._await_mutations()

    def forget(self) -> None:
        """Drop everything that is staged: what is done, and what an interruption left without a record."""
        self._store.command("DROP TABLE IF EXISTS repriced_now")
        self._store.command("TRUNCATE TABLE repriced_calls")

    def _is_shifted(self, slice_id: str, rollup: str, bucket: str) -> bool:
        begun = self._clock.monotonic()
        while True:
            (seen,) = self._store.query_rows(sql.evidence(rollup, bucket), {"slice": slice_id})
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
            self._clock.sleep(_POLL_S)

    def _await_mutations(self) -> None:
        begun = self._clock.monotonic()
        while True:
            pending = self._store.query_rows(sql.PENDING_MUTATIONS, {"database": self._store.config.database})
            if not pending:
                return
            if self._clock.monotonic() - begun > self._patience_s:
                raise StoreRejected(
                    f"mutation {pending[0]['mutation_id']} of table calls does not finish "
                    f"({pending[0]['latest_fail_reason'] or 'no reason given'}); end it with KILL MUTATION, then "
                    "run reprice again"
                )
            self._clock.sleep(_POLL_S)


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

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _within(period: Period) -> dict[str, Any]:
    microsecond = timedelta(microseconds=1)
    begin, end = ((moment - _EPOCH) // microsecond for moment in (period.begin, period.end))
    return {"begin": begin, "end": end, "model": period.model}


def _pairs(minutes: pa.Table) -> list[tuple[datetime, int]]:
    begins = minutes["minute"].cast(pa.int64()).to_pylist()
    return [(datetime.fromtimestamp(b, UTC), n) for b, n in zip(begins, minutes["calls"].to_pylist(), strict=True)]


def _cut(period: Period, minutes: list[tuple[datetime, int]], most_calls: int) -> Iterator[tuple[datetime, datetime]]:
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
