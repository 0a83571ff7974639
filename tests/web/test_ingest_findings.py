"""What the doctor makes of what it sees: what is well, what is not, what cannot be told, and what to do."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.web.ingest_facts import Alerting, Detecting, IngestFacts
from api.web.ingest_findings import Finding, channel_rows, findings, letter_rows
from watchkeeper.storage.alert_deliveries import Delivery, Outcome
from watchkeeper.storage.arrivals import Arrival
from watchkeeper.storage.health import StoreHealth, TableHealth
from watchkeeper.storage.pipeline_signs import Unpriced

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ARRIVAL = Arrival("otlp", "semconv", "shop", 1_200, 60, NOW - MINUTE, 2.5)
STORE = StoreHealth("25.8.1", NOW, (TableHealth("calls", 9, 1_000, 2, 2),), NOW, NOW, NOW - MINUTE)
WELL = IngestFacts(
    now=NOW,
    not_ready={},
    store=STORE,
    arrived=(ARRIVAL,),
    waiting={},
    letters=(),
    unpriced=(),
    saved_at=NOW - MINUTE,
    detecting=Detecting(({"state": "ok"},), 0),
    alerting=Alerting("file", "", ("chat",), ()),
)


def delivery(outcome: Outcome, minutes_ago: int, channel: str = "chat") -> Delivery:
    at = NOW - minutes_ago * MINUTE
    error = "" if outcome is Outcome.SENT else "503"
    return Delivery(f"m{minutes_ago}", at, outcome, 1, error, channel, "c", "r", "open", "page", "t", "x", (), at)


def of(part: str, **changes: Any) -> Finding:
    (found,) = [one for one in findings(replace(WELL, **changes)) if one.part == part]
    return found


def test_where_all_is_well_nothing_is_to_do() -> None:
    assert [(one.kind, one.mend) for one in findings(WELL)] == [("good", "")] * len(findings(WELL))


def test_what_fails_comes_first_and_what_is_fine_last() -> None:
    found = findings(replace(WELL, not_ready={"pipeline": "stopped"}, waiting={"malformed_json": 3}, detecting=None))
    kinds = [one.kind for one in found]
    assert kinds == sorted(kinds, key=["bad", "warn", "unsure", "good"].index)
    assert (found[0].part, found[0].text) == ("pipeline", "stopped")


@pytest.mark.parametrize(
    ("part", "changes", "kind", "says"),
    [
        ("calls", {"arrived": ()}, "bad", "no call arrived within 24 hours; the last one was stored 2026-06-01 11:59"),
        ("calls", {"arrived": (), "store": replace(STORE, last_stored=None)}, "unsure", "none was ever stored"),
        ("calls", {"arrived": (replace(ARRIVAL, last_at=NOW - 40 * MINUTE),)}, "warn", "40 min ago"),
        ("delay", {"arrived": (ARRIVAL, replace(ARRIVAL, delay_s=180.0))}, "warn", "3 min after their begin"),
        ("dead letters", {"waiting": {"malformed_json": 2, "too_large": 1}}, "warn", "3 messages"),
        ("prices", {"unpriced": (Unpriced("x", "y", 1_500, NOW),)}, "warn", "their cost is unknown"),
        ("detectors", {"saved_at": NOW - 20 * MINUTE}, "bad", "20 min ago"),
        ("detectors", {"saved_at": None}, "unsure", "no state yet"),
        ("detectors", {"saved_at": None, "detecting": None}, "unsure", "none are known here"),
        ("late calls", {"detecting": Detecting((), 7)}, "warn", "7 calls"),
        ("alerts", {"alerting": Alerting("none", "", (), ())}, "unsure", "nobody is told"),
        ("alerts", {"alerting": Alerting("wrong", "no channels", (), ())}, "bad", "no channels"),
        ("store", {"store": replace(STORE, version="24.3.1")}, "bad", "24.3.1"),
        ("clock", {"store": replace(STORE, now=NOW - MINUTE)}, "warn", "60 s between"),
        (
            "table calls",
            {"store": replace(STORE, tables=(TableHealth("calls", 9, 9, 3_000, 2_000),))},
            "warn",
            "3,000 parts",
        ),
    ],
)
def test_each_trouble_is_told_with_what_to_do(part: str, changes: dict[str, Any], kind: str, says: str) -> None:
    found = [one for one in findings(replace(WELL, **changes)) if one.part == part and one.kind == kind]
    assert len(found) == 1 and says in found[0].text
    assert found[0].mend or "no state yet" in says


def test_services_without_a_known_length_of_calls_have_no_delay() -> None:
    parts = [one.part for one in findings(replace(WELL, arrived=(replace(ARRIVAL, delay_s=None),)))]
    assert "delay" not in parts


def test_a_channel_stands_as_its_last_message_left_it() -> None:
    sent_last = (delivery(Outcome.GIVEN_UP, 9), delivery(Outcome.SENT, 3))
    failed_last = (delivery(Outcome.SENT, 9, "mail"), delivery(Outcome.FAILED, 3, "mail"))
    facts = replace(WELL, alerting=Alerting("file", "", ("chat", "pager"), (*sent_last, *failed_last)))
    rows = {row.name: (row.kind, row.failed, row.error) for row in channel_rows(facts)}
    assert rows == {"chat": ("good", 1, ""), "mail": ("bad", 1, "503"), "pager": ("unsure", 0, "")}
    assert "last message failed" in of("channel mail", alerting=facts.alerting).text


def test_dead_letters_have_a_cause_and_a_mend_whatever_the_reason() -> None:
    first, second = letter_rows(replace(WELL, waiting={"of_tomorrow": 1, "malformed_protobuf": 5}))
    assert (first.reason, first.letters) == ("malformed_protobuf", 5)
    assert "OTLP" in first.cause and "http/protobuf" in first.mend
    assert "watchkeeper dlq show" in second.mend


def test_every_reason_that_the_code_gives_has_a_cause_of_its_own() -> None:
    root = Path(__file__).parents[2]
    sources = [*root.glob("collector/*.py"), *root.glob("watchkeeper/streams/*.py"), root / "watchkeeper" / "codec.py"]
    given = {reason for file in sources for reason in re.findall(r'BadMessage\("(\w+)"', file.read_text())}
    assert "malformed_protobuf" in given
    rows = letter_rows(replace(WELL, waiting=dict.fromkeys(given, 1)))
    assert not [row.reason for row in rows if "watchkeeper dlq show" in row.mend]
