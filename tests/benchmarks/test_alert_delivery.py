"""What the benchmark of deliveries would notice: messages lost or told twice, an end too early, a slow channel."""

import pytest

from benchmarks.alert_delivery import AWAY, CHANNELS, THERE, Seen, slower
from benchmarks.alert_plan import Planned
from benchmarks.alert_receivers import Taken, Told

PLAN = [Planned(0, 100.0, None), Planned(1, 110.0, 150.0), Planned(2, 240.0, None), Planned(3, 20.0, 40.0)]
"""The last of them was over before any process began."""
BEGUN, OVER = (1, False), (1, True)


def taken(told: Told, at: float, key: str = "", channels: tuple[str, ...] = CHANNELS, took: float = 0.2) -> list[Taken]:
    return [Taken(channel, key or f"{told}", told, at, at - took) for channel in channels]


def seen(*messages: list[Taken]) -> Seen:
    known = [*taken((0, False), 104.0), *taken(BEGUN, 114.0), *taken(OVER, 154.0), *taken((2, False), 244.0)]
    all_of_them = [one for some in messages for one in some] if messages else known
    return Seen(PLAN, all_of_them, refused=3, back_at=200.0, lives=[(50.0, 160.0), (170.0, 300.0)])


def test_all_is_well_where_everything_came_once() -> None:
    assert seen().faults() == []
    assert slower(seen()) == []
    assert seen().due == {(0, False), BEGUN, OVER, (2, False)}


@pytest.mark.parametrize(
    ("extra", "fault"),
    [
        (taken((0, False), 120.0, "another key", ("slack",)), "slack: 1 came twice"),
        (taken((0, False), 120.0, channels=("slack",)), ""),
    ],
    ids=["another key", "the same key"],
)
def test_a_repetition_is_known_by_its_key(extra: list[Taken], fault: str) -> None:
    found = seen(seen().taken, extra)
    assert found.faults() == ([fault] if fault else [])
    assert found.repeated("slack") == (0 if fault else 1)


def test_what_never_came_and_what_came_in_a_wrong_order_is_told() -> None:
    assert seen([one for one in seen().taken if one.channel != "webhook"]).faults() == ["webhook: 4 never came"]
    swapped = [*taken((0, False), 104.0), *taken(OVER, 114.0), *taken(BEGUN, 115.0), *taken((2, False), 244.0)]
    assert seen(swapped).faults() == [f"{channel}: 1 were over before they began" for channel in CHANNELS]


def test_a_channel_that_waits_for_others_is_told() -> None:
    assert slower(seen(taken((0, False), 112.0, channels=(THERE,), took=8.0))) != []
    assert slower(seen(taken((2, False), 244.0))) != []


def test_waits_count_from_when_the_channels_were_back() -> None:
    assert seen(taken((0, False), 230.0, channels=AWAY[:1])).waited() == [30.0]
