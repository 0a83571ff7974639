"""Every table that a migration makes is on the page of the data model."""

import re

import pytest

from tests.docs.reference import DOCS
from watchkeeper.storage.client import Store

pytestmark = [pytest.mark.clickhouse, pytest.mark.docs]

_TABLES = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine NOT LIKE '%View'"


def test_each_table_is_described(store: Store) -> None:
    described = re.findall(r"`(\w+)`", (DOCS / "data-model.md").read_text())
    missing = [row["name"] for row in store.query_rows(_TABLES) if row["name"] not in described]
    assert not missing
