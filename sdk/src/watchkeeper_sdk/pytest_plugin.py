"""pytest: the fixture ``watchkeeper_calls``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from watchkeeper_sdk.testing import Calls


@pytest.fixture
def watchkeeper_calls() -> Iterator[Calls]:
    """The model calls of this test; see :mod:`watchkeeper_sdk.testing`."""
    from watchkeeper_sdk.testing import watching  # noqa: PLC0415  loads the OpenTelemetry SDK: only where it is used

    with watching() as calls:
        yield calls
