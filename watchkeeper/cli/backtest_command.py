"""``watchkeeper backtest``: the detectors over a file or over stored history."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer
from rich.console import Console

from detectors.backtest import Backtest, backtest
from detectors.calls_file import read_calls
from detectors.config import DetectorConfig
from detectors.engine import Engine
from detectors.history import ArrowHistory, CallHistory
from detectors.river_presets import DETECTORS
from watchkeeper.cli.access import Remote, store_or_api
from watchkeeper.cli.backtest_json import as_json, verdict
from watchkeeper.cli.backtest_report import print_report
from watchkeeper.cli.detecting import detector_config
from watchkeeper.cli.progress import progress_bar
from watchkeeper.cli.reprice_command import moment
from watchkeeper.cli.verdict import CANNOT_TELL, QUIET, REGRESSED
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings
from watchkeeper.storage.call_feed import StoredCalls
from watchkeeper.storage.call_range import CallRange

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
    history: CallHistory
    read: int
    left_out: int


def run(settings: Settings, source: Source) -> tuple[Backtest, Past]:
    """Feed all of ``source`` to an engine with these settings. Raises :class:`ConfigError` for what is wrong."""
    config = chosen_config(settings)
    with past_calls(settings, source) as past, progress_bar("calls", past.read - past.left_out) as advance:
        return backtest(Engine(config, past.history), past.tables, advance), past


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
    if bool(source.files) == bool(source.begin):
        raise ConfigError("say which calls: --calls FILE.parquet, or --from (and --to) for stored ones")
    if source.files:
        if source.end:
            raise ConfigError("--to goes with --from: leave it out with --calls")
        yield _of_files(source.files)
        return
    begin, end = moment(source.begin, "--from"), moment(source.end, "--to") if source.end else datetime.now(UTC)
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            raise ConfigError(
                f"`watchkeeper up` has the store in {settings.data_dir} open, and this reads the store itself: "
                "stop it first, or copy the directory and name the copy with --data-dir"
            )
        chosen = CallRange(access, _micros(begin), _micros(end))
        count = chosen.count()
        if not count:
            raise ConfigError(f"no calls are stored from {begin.isoformat()} to {end.isoformat()}")
        yield Past(chosen.read(), StoredCalls(access), count, 0)


def _of_files(files: Sequence[Path]) -> Past:
    found = read_calls(files)
    for note in found.notes:
        typer.echo(f"watchkeeper: {note}", err=True)
    return Past([found.calls], ArrowHistory(found.calls), found.read, found.left_out)


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1e6)


CallFiles = Annotated[
    list[Path] | None, typer.Option("--calls", help="Parquet file of calls, or a directory of such; may be repeated.")
]
Begin = Annotated[str, typer.Option("--from", help="First day or time of stored calls, e.g. 2026-01-01 (UTC).")]
End = Annotated[str, typer.Option("--to", help="Up to this day or time; default: now.")]
Detector = Annotated[str | None, typer.Option(help=f"Which detector decides: {', '.join(DETECTORS)}.")]
Rules = Annotated[Path | None, typer.Option(help="Your rules for routes and metrics (YAML).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
DataDir = Annotated[Path | None, typer.Option(help="Data directory of the embedded store.")]


def command(
    calls: CallFiles = None,
    begin: Begin = "",
    end: End = "",
    detector: Detector = None,
    rules: Rules = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """What the detectors would have reported of a file or of stored calls, when, and why.

    Exit code 0: quiet; 2: somebody would have been paged; 3: too few calls to tell; 1: an error.
    """
    settings = Settings.load(detector=detector, detector_rules_file=rules, data_dir=data_dir)
    result, past = run(settings, Source(tuple(calls or ()), begin, end))
    raise typer.Exit(answer(result, past, as_json, Console()))
