"""Fixtures of the collector's tests."""

import pytest


@pytest.fixture(scope="session")
def engine_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Directory of the session's one embedded engine."""
    return str(tmp_path_factory.mktemp("chdb"))
