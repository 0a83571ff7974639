"""What is well and what is not with what arrives, each with what to do. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.web.figures import count, counted, moment, span
from api.web.ingest_facts import ARRIVED_WITHIN, IngestFacts
from watchkeeper.storage.alert_deliveries import Delivery, Outcome
from watchkeeper.storage.health import OLDEST_SERVER

_QUIET = timedelta(minutes=15)
_SLOW_S = 60.0
_STANDING = timedelta(minutes=5)
_SKEW_S = 5.0
_MANY_PARTS = 1_000
_CAUSES: Mapping[str, tuple[str, str]] = {
    "malformed_protobuf": (
        "The message is no OTLP export request.",
        "Send OTLP traces as http/protobuf or over gRPC; on Kafka set the exporter's encoding to otlp_proto.",
    ),
    "malformed_json": (
        "The message says it is JSON, but is no OTLP export request.",
        "Send http/protobuf, or mend what writes the JSON; ids are hexadecimal there.",
    ),
    "malformed_attribute": (
        "An attribute holds a value that OTLP does not have.",
        "Update the exporter, or mend what builds the attributes.",
    ),
    "invalid_utf8": (
        "A name or an attribute is not UTF-8.",
        "Mend what sets the attribute: bytes belong into bytes_value, text is UTF-8.",
    ),
    "malformed_arrow": (
        "A message on the topic of calls was written by something else than a collector.",
        "Let nothing else write to that topic.",
    ),
    "unknown_schema_version": (
        "A newer collector wrote it than reads it here.",
        "Upgrade the services that read calls, then replay.",
    ),
    "too_large": (
        "The call's message is larger than the topic takes.",
        "Raise max.message.bytes of the topic.",
    ),
}
"""By reason: the cause and the mend."""
_OTHERWISE = ("It could not be read; the detail says more.", "Look at it with the command watchkeeper dlq show.")


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer. ``kind`` is that of its badge: good, bad, warn or unsure."""

    part: str
    kind: str
    text: str
    mend: str = ""
    place: str = ""
    """Of the section that says more."""


@dataclass(frozen=True, slots=True)
class LetterRow:
    """Messages that could not be read, of one reason."""

    reason: str
    letters: int
    cause: str
    mend: str
    detail: str
    """Of the newest."""
    source: str
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel of the alerts, as its last message left it."""

    name: str
    kind: str
    state: str
    last_at: datetime | None
    error: str
    failed: int
    """Messages given up or waiting, of the latest."""


def findings(facts: IngestFacts) -> tuple[Finding, ...]:
    """What is not well first."""
    found = (
        *_process(facts),
        _arriving(facts),
        *_delay(facts),
        _letters(facts),
        _prices(facts),
        *_detectors(facts),
        *_alerts(facts),
        *_store(facts),
    )
    return tuple(sorted(found, key=lambda one: _ORDER[one.kind]))


_ORDER = {"bad": 0, "warn": 1, "unsure": 2, "good": 3}
_WORDS = {"bad": "fails", "warn": "look at it", "unsure": "cannot tell", "good": "fine"}


def mark_words(kind: str) -> str:
    """What a badge says."""
    return _WORDS[kind]


def _process(facts: IngestFacts) -> Iterator[Finding]:
    for part, why in facts.not_ready.items():
        yield Finding(part, "bad", why, "The sentence and the log of this process say what to mend.")
    if not facts.not_ready:
        yield Finding("this process", "good", "all its parts work")


def _arriving(facts: IngestFacts) -> Finding:
    hours = ARRIVED_WITHIN // timedelta(hours=1)
    if not facts.arrived:
        last = facts.store.last_stored
        before = f"the last one was stored {moment(last)}" if last else "none was ever stored"
        return Finding(
            "calls",
            "bad" if last else "unsure",
            f"no call arrived within {hours} hours; {before}",
            "Is the application running, and does OTEL_EXPORTER_OTLP_ENDPOINT name this Watchkeeper?",
            "arrivals",
        )
    calls, last = sum(one.calls for one in facts.arrived), max(one.last_at for one in facts.arrived)
    age = facts.now - last
    text = f"{count(calls)} calls within {hours} hours, the last stored {span(age.total_seconds())} ago"
    if age <= _QUIET:
        return Finding("calls", "good", text, place="arrivals")
    mend = "Where there should be traffic, look at the exporter's log and at the network between."
    return Finding("calls", "warn", text, mend, "arrivals")


def _delay(facts: IngestFacts) -> Iterator[Finding]:
    delays = [one.delay_s for one in facts.arrived if one.delay_s is not None]
    if delays:
        slowest = max(delays)
        text = f"calls are stored {span(slowest)} after their begin in the slowest service, by the median"
        mend = "The collector lags, or an exporter gathers too long: see the lag of its consumer group."
        slow = slowest > _SLOW_S
        yield Finding("delay", "warn" if slow else "good", text, mend if slow else "", "arrivals")


def _letters(facts: IngestFacts) -> Finding:
    letters = sum(facts.waiting.values())
    if not letters:
        return Finding("dead letters", "good", "every message could be read", place="letters")
    mend = "Mend the cause, then send them again: watchkeeper dlq replay --all."
    return Finding("dead letters", "warn", f"{counted(letters, 'message')} could not be read", mend, "letters")


def _prices(facts: IngestFacts) -> Finding:
    if not facts.unpriced:
        return Finding("prices", "good", "every call of the last 7 days with tokens has a price", place="unpriced")
    calls = sum(one.calls for one in facts.unpriced)
    text = f"{count(calls)} calls of {_models(len(facts.unpriced))} have no price: their cost is unknown"
    mend = "Name a price in a file (WATCHKEEPER_PRICE_FILE), then: watchkeeper reprice."
    return Finding("prices", "warn", text, mend, "unpriced")


def _models(number: int) -> str:
    return "1 model" if number == 1 else f"{number:,} models"


def _detectors(facts: IngestFacts) -> Iterator[Finding]:
    part, place = "detectors", "detectors"
    if facts.detecting is None and facts.saved_at is None:
        yield Finding(
            part, "unsure", "none are known here", "Start them: watchkeeper detectors run, or watchkeeper up."
        )
        return
    if facts.saved_at is None:
        yield Finding(
            part, "unsure", "they have saved no state yet: they do so every minute once there are calls", "", place
        )
        return
    age = facts.now - facts.saved_at
    if age > _STANDING:
        mend = "They save every minute: look whether the process runs, and at its log."
        yield Finding(part, "bad", f"they saved their state {span(age.total_seconds())} ago", mend, place)
    else:
        yield Finding(part, "good", f"they saved their state {span(age.total_seconds())} ago", place=place)
    if facts.detecting is not None and facts.detecting.late:
        text = f"{count(facts.detecting.late)} calls of the last days came too late to be judged"
        yield Finding("late calls", "warn", text, "An exporter or the collector lags: see the delays.", "arrivals")


def _alerts(facts: IngestFacts) -> Iterator[Finding]:
    alerting, part = facts.alerting, "alerts"
    if alerting.source == "wrong":
        yield Finding(part, "bad", alerting.problem, "Mend the file; it is read again by itself.", part)
    elif alerting.source == "none":
        yield Finding(
            part, "unsure", "no rules are set, so nobody is told", "docs/alerts.md has rules to begin with.", part
        )
    failing = [row for row in channel_rows(facts) if row.kind == "bad"]
    for row in failing:
        yield Finding(
            f"channel {row.name}", "bad", f"{row.state}: {row.error}", "Mend it, then: watchkeeper alerts test.", part
        )
    if not failing and alerting.source in ("file", "api"):
        yield Finding(part, "good", f"{counted(len(alerting.channels), 'channel')}, none failing", place=part)


def _store(facts: IngestFacts) -> Iterator[Finding]:
    store, oldest = facts.store, ".".join(map(str, OLDEST_SERVER))
    if not store.version_supported:
        yield Finding("store", "bad", f"ClickHouse {store.version}", f"ClickHouse {oldest} or newer is needed.")
    skew = abs((store.now - facts.now).total_seconds())
    if skew > _SKEW_S:
        yield Finding("clock", "warn", f"{span(skew)} between this machine and the store", "Synchronise both with NTP.")
    for table in store.tables:
        if table.most_parts_in_a_partition > _MANY_PARTS:
            mend = "Too many small inserts: raise WATCHKEEPER_BATCH_LINGER_MS."
            yield Finding(f"table {table.table}", "warn", f"{count(table.parts)} parts", mend, "store")
    stored = sum(table.bytes_on_disk for table in store.tables)
    text = f"ClickHouse {store.version}, {stored / 1e6:,.1f} MB"
    yield Finding("store", "good", text, place="store")


def letter_rows(facts: IngestFacts) -> tuple[LetterRow, ...]:
    """By reason, the most first."""
    newest = {one.reason: one for one in reversed(facts.letters)}
    rows = []
    for reason, letters in sorted(facts.waiting.items(), key=lambda one: (-one[1], one[0])):
        cause, mend = _CAUSES.get(reason, _OTHERWISE)
        one = newest.get(reason)
        detail, source, at = (one.detail, one.source, one.received_at) if one else ("", "", None)
        rows.append(LetterRow(reason, letters, cause, mend, detail, source, at))
    return tuple(rows)


def channel_rows(facts: IngestFacts) -> tuple[ChannelRow, ...]:
    """Channels of the rules and those that had messages."""
    by_channel: dict[str, list[Delivery]] = {name: [] for name in facts.alerting.channels}
    for message in facts.alerting.messages:
        by_channel.setdefault(message.channel, []).append(message)
    return tuple(_channel(name, messages) for name, messages in sorted(by_channel.items()))


def _channel(name: str, messages: list[Delivery]) -> ChannelRow:
    if not messages:
        return ChannelRow(name, "unsure", "no message yet", None, "", 0)
    last = max(messages, key=lambda one: one.at)
    kind, state = _OUTCOMES[last.outcome]
    failed = sum(one.outcome is not Outcome.SENT for one in messages)
    return ChannelRow(name, kind, state, last.at, last.error, failed)


_OUTCOMES = {
    Outcome.SENT: ("good", "last message sent"),
    Outcome.FAILED: ("bad", "last message failed, tried again"),
    Outcome.GIVEN_UP: ("bad", "last message given up"),
}


def states(facts: IngestFacts) -> tuple[tuple[str, int], ...]:
    """How many metrics of all series stand how, the most first."""
    if facts.detecting is None:
        return ()
    return tuple(Counter(str(one["state"]) for one in facts.detecting.metrics).most_common())
