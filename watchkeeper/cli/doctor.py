"""``watchkeeper doctor``: is everything there that Watchkeeper needs? Each answer with a hint."""

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import httpx
from rich.console import Console

from collector.price_book import PriceBook
from watchkeeper import __version__
from watchkeeper.cli import wiring
from watchkeeper.cli.access import Remote, store_or_api
from watchkeeper.cli.detecting import detector_config
from watchkeeper.clock import Clock
from watchkeeper.errors import WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.api_keys import list_keys
from watchkeeper.storage.client import Store
from watchkeeper.storage.health import OLDEST_SERVER, store_health
from watchkeeper.streams.kafka_topics import TopicState, probe
from watchkeeper.streams.otlp_config import is_loopback

_CLOCK_SKEW_S = 5.0
_MANY_PARTS = 1_000
_KAFKA_S = 5.0


class Mark(StrEnum):
    """How an answer is to be taken."""

    GOOD = "ok"
    WARN = "warn"
    BAD = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer."""

    part: str
    mark: Mark
    text: str
    hint: str = ""


def examine(settings: Settings, clock: Clock, with_kafka: bool) -> Iterator[Finding]:
    """Look at every part; one that fails does not keep the others from being looked at."""
    yield Finding("versions", Mark.GOOD, f"watchkeeper {__version__}, Python {platform.python_version()}")
    yield from _guarded("prices", lambda: _prices(settings))
    yield from _guarded("detectors", lambda: _detectors(settings))
    yield from _guarded("store", lambda: _store(settings, clock))
    yield from _guarded("access", lambda: _exposure(settings, clock))
    if with_kafka:
        yield from _guarded("kafka", lambda: _kafka(settings))


def _guarded(part: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except (WatchkeeperError, httpx.HTTPError) as error:
        yield Finding(
            part, Mark.BAD, str(error), "the sentence says what to set; docs/configuration.md lists all settings"
        )


def _prices(settings: Settings) -> Iterator[Finding]:
    yield Finding("prices", Mark.GOOD, PriceBook.load(settings.price_file).version)


def _detectors(settings: Settings) -> Iterator[Finding]:
    config = detector_config(settings)
    yield Finding("detectors", Mark.GOOD, f"{config.detector}, {len(config.rules)} rules")


def _store(settings: Settings, clock: Clock) -> Iterator[Finding]:
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            ready = access.get("/readyz")
            yield Finding("store", Mark.GOOD, f"held by a running process that is {ready['status']}")
            return
        yield from _store_findings(access, clock)


def _store_findings(store: Store, clock: Clock) -> Iterator[Finding]:
    health = store_health(store)
    oldest = ".".join(map(str, OLDEST_SERVER))
    supported = health.version_supported
    hint = "" if supported else f"ClickHouse {oldest} or newer is needed"
    yield Finding("store", Mark.GOOD if supported else Mark.BAD, f"ClickHouse {health.version}", hint)
    skew = abs((health.now - clock.now()).total_seconds())
    off = skew > _CLOCK_SKEW_S
    yield Finding(
        "clock",
        Mark.WARN if off else Mark.GOOD,
        f"{skew:.1f} s between this machine and the store",
        "synchronise both with NTP: calls are sorted by their own clocks" if off else "",
    )
    for table in health.tables:
        crowded = table.most_parts_in_a_partition > _MANY_PARTS
        yield Finding(
            f"table {table.table}",
            Mark.WARN if crowded else Mark.GOOD,
            f"{table.rows:,} rows, {table.bytes_on_disk / 1e6:,.1f} MB, {table.parts} parts",
            "too many small inserts: raise WATCHKEEPER_BATCH_LINGER_MS" if crowded else "",
        )


def _exposure(settings: Settings, clock: Clock) -> Iterator[Finding]:
    if is_loopback(settings.host):
        yield Finding("access", Mark.GOOD, f"bound to {settings.host}: this machine only")
        return
    keys = _live_keys(settings, clock)
    safe = bool(settings.tokens or keys)
    hint = "" if settings.tls_cert_file else "tokens travel in the clear: set WATCHKEEPER_TLS_CERT_FILE and _KEY_FILE"
    yield Finding(
        "access",
        Mark.GOOD if safe and not hint else Mark.WARN if safe else Mark.BAD,
        f"bound to {settings.host}, {len(settings.tokens)} tokens, {keys} keys",
        hint if safe else "set WATCHKEEPER_TOKENS or create a key: 'watchkeeper keys create NAME --scope read'",
    )


def _live_keys(settings: Settings, clock: Clock) -> int:
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            return sum(key["state"] == "live" for key in access.get("/v1/keys"))
        return len(list_keys(access, clock.now(), live_only=True))


def _kafka(settings: Settings) -> Iterator[Finding]:
    report = probe(
        wiring.kafka_connection(settings, _KAFKA_S), wiring.configured_topics(settings), settings.kafka_group
    )
    yield Finding("kafka", Mark.GOOD, f"{report.brokers} brokers, protocol of {report.version}")
    for topic in report.topics:
        missing = topic.state is TopicState.MISSING
        mark = Mark.BAD if missing else Mark.WARN if topic.state is TopicState.DIFFERENT else Mark.GOOD
        hint = "run 'watchkeeper topics create'" if missing else topic.detail
        yield Finding(f"topic {topic.name}", mark, f"{topic.state}, {topic.partitions} partitions", hint)
    waiting = sum(report.lag.values())
    yield Finding("lag", Mark.GOOD, f"{waiting:,} messages not yet stored by group {settings.kafka_group}")


_COLOURS = {Mark.GOOD: "green", Mark.WARN: "yellow", Mark.BAD: "red"}


def report(findings: Iterator[Finding], console: Console) -> bool:
    """Print each finding; false when one is bad."""
    good = True
    for finding in findings:
        good &= finding.mark is not Mark.BAD
        colour = _COLOURS[finding.mark]
        console.print(f"[{colour}]{finding.mark:>4}[/]  {finding.part}: {finding.text}", highlight=False)
        if finding.hint:
            console.print(f"      → {finding.hint}", highlight=False)
    return good
