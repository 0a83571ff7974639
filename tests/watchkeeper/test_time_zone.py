"""Days and months where the user is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from watchkeeper.errors import ConfigError
from watchkeeper.time_zone import has_whole_hours, time_zone

BEGIN, END = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Mars", "", "../etc/passwd", "/etc/localtime", "Europe", "UTC\0", "é" * 50])
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match="Europe/Berlin"):
        time_zone(name)


def test_zones_with_half_hours_are_known_as_such() -> None:
    assert has_whole_hours(ZoneInfo("Europe/Berlin"), BEGIN, END)
    assert not has_whole_hours(ZoneInfo("Asia/Kathmandu"), BEGIN, END)
