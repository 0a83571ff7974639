"""Table ``audit_log``: kept once, listed newest first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.storage.audit_log import AuditEntry, AuditFilter, list_writes, record_writes
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ENTRY = AuditEntry("1", NOW, "key-1", "ops", "POST", "/v1/reprice", 200, "0123456789abcdef")
LATER = replace(ENTRY, id="2", at=NOW + timedelta(hours=1), key_name="ci", status=403)
ALL = AuditFilter(NOW, NOW + timedelta(days=1))


def test_entries_come_back_newest_first(shared_store: Store) -> None:
    record_writes(shared_store, [ENTRY])
    record_writes(shared_store, [LATER])
    assert list_writes(shared_store, ALL) == [LATER, ENTRY]
    assert list_writes(shared_store, ALL, limit=1) == [LATER]
    assert list_writes(shared_store, replace(ALL, key_name="ops")) == [ENTRY]
    assert list_writes(shared_store, replace(ALL, begin=LATER.at)) == [LATER]
    assert list_writes(shared_store, replace(ALL, end=LATER.at)) == [ENTRY]


def test_the_same_entries_given_again_are_kept_once(shared_store: Store) -> None:
    record_writes(shared_store, [ENTRY, LATER])
    record_writes(shared_store, [ENTRY, LATER])
    assert len(list_writes(shared_store, ALL)) == 2
