"""``watchkeeper backtest``: the detectors over a file or over stored history."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

import pyarrow as pa
import typer
from rich.console import Console

from detectors.backtest import Backtest, backtest
from detectors.calls_file import read_calls
from detectors.config import DetectorConfig
from detectors.detector_names import DETECTORS
from detectors.engine import Engine
from detectors.history import ArrowHistory, CallHistory
from watchkeeper.cli.access import Remote, store_or_api
from watchkeeper.cli.backtest_json import as_json, verdict
from watchkeeper.cli.backtest_report import print_report
from watchkeeper.cli.detecting import detector_config
from watchkeeper.cli.moments import moment
from watchkeeper.cli.progress import progress_bar
from watchkeeper.cli.remote_calls import RemoteCalls, RemoteHistory, remote_scores
from watchkeeper.cli.verdict import CANNOT_TELL, QUIET, REGRESSED
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings
from watchkeeper.storage.call_export import CallExport
from watchkeeper.storage.call_feed import StoredCalls
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.score_feed import ScoreFeed

_CODES = {"regressed": REGRESSED, "cannot_tell": CANNOT_TELL, "quiet": QUIET}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the calls come from: files, or the store from ``begin`` up to ``end`` (dates or times; empty: now)."""

    files: Sequence[Path] = ()
    begin: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """Calls by time, and what is known of them before they are fed."""

    tables: Iterable[pa.Table]
    scores: Iterable[pa.Table]
    history: CallHistory
    read: int
    left_out: int


def run(settings: Settings, source: Source) -> tuple[Backtest, Past]:
    """Feed all of ``source`` to an engine with these settings. Raises :class:`ConfigError` for what is wrong."""
    config = chosen_config(settings)
    with past_calls(settings, source) as past, progress_bar("calls", past.read - past.left_out) as advance:
        return backtest(Engine(config, past.history), past.tables, advance, past.scores), past


def answer(result: Backtest, past: Past, as_object: bool, console: Console) -> int:
    """Print what was found; the exit code that says it."""
    if as_object:
        typer.echo(as_json(result, past.read, past.left_out))
    else:
        print_report(result, console)
    return _CODES[verdict(result)]


def chosen_config(settings: Settings) -> DetectorConfig:
    """The settings of the detectors. Raises :class:`ConfigError` for a detector that does not exist."""
    if settings.detector not in DETECTORS:
        raise ConfigError(f"there is no detector {settings.detector!r}: choose one of {', '.join(DETECTORS)}")
    return detector_config(settings)


@contextlib.contextmanager
def past_calls(settings: Settings, source: Source) -> Iterator[Past]:
    """The calls of ``source``. Raises :class:`ConfigError` where it is not one source, or holds nothing."""
    if source.files and source.begin:
        raise ConfigError("both --calls and --from say which calls: leave one of them out")
    if not source.files and not source.begin:
        raise ConfigError("say which calls: --calls FILE.parquet, or --from (and --to) for stored ones")
    if source.files:
        if source.end:
            raise ConfigError("--to goes with --from: leave it out with --calls")
        yield _of_files(source.files)
        return
    begin, end = moment(source.begin, "--from"), moment(source.end, "--to") if source.end else datetime.now(UTC)
    if begin >= end:
        raise ConfigError(f"--from ({begin.isoformat()}) must be before --to ({end.isoformat()})")
    with store_or_api(settings) as access:
        calls = _stored(access, begin, end)
        count = calls.count()
        if not count:
            raise ConfigError(f"no calls are stored from {begin.isoformat()} to {end.isoformat()}")
        if isinstance(access, Remote):
            yield Past(calls.read(), remote_scores(access, begin, end), RemoteHistory(access), count, 0)
            return
        given = ScoreFeed(access).given(int(begin.timestamp()), ceil(end.timestamp()))
        yield Past(calls.read(), given, StoredCalls(access), count, 0)


def _stored(access: Store | Remote, begin: datetime, end: datetime) -> CallExport | RemoteCalls:
    """From the store itself, or through the API of the ``up`` that has it open."""
    if isinstance(access, Remote):
        return RemoteCalls(access, begin, end)
    return CallExport(access, CallFilter(begin, end))


def _of_files(files: Sequence[Path]) -> Past:
    found = read_calls(files)
    for note in found.notes:
        typer.echo(f"watchkeeper: {note}", err=True)
    return Past([found.calls], [found.scores], ArrowHistory(found.calls), found.read, found.left_out)
