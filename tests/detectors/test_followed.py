"""State and position together, as bytes and back, and the same story from there on."""

from datetime import UTC, datetime

import pyarrow as pa

from detectors.followed import Followed
from detectors.records import Regression
from tests.detectors.standin import StandInEngines
from tests.fixtures.store import call_rows

ENGINES = StandInEngines(every=50)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = NOON.timestamp()


def units(count: int) -> list[tuple[pa.Table, float]]:
    """Every tenth comes twice; after the twentieth, ten minutes of silence."""
    made = []
    for number in range(count):
        at = START + number * 20 + (600 if number > 20 else 0)
        made.append((call_rows(20, seed=number - (number % 10 == 9)), at))
    return made


def take_all(followed: Followed, some: list[tuple[pa.Table, float]]) -> list[Regression]:
    return [found for calls, at in some for found in followed.take(calls, at, followed.position + 1)]


def test_a_state_that_was_saved_anywhere_goes_on_to_the_same_story() -> None:
    whole = Followed.begin(ENGINES, NOON, 0, with_repeats=True)
    story = take_all(whole, units(40))
    assert {found.kind for found in story} == {"regression", "traffic_stop"}
    assert whole.repeats == 4 * 20
    for cut in (0, 7, 21, 22, 39):
        first = Followed.begin(ENGINES, NOON, 0, with_repeats=True)
        begun = take_all(first, units(40)[:cut])
        again = Followed.restore(ENGINES, first.save({0: 5, 2: 7}), with_repeats=True)
        assert dict(again.marks) == {0: 5, 2: 7} and again.position == cut
        assert begun + take_all(again, units(40)[cut:]) == story
        assert again.save({}) == whole.save({})


def test_ticks_of_the_present_change_no_story() -> None:
    plain, live = (Followed.begin(ENGINES, NOON, 0, with_repeats=False) for _ in range(2))
    told = []
    for number, unit in enumerate(units(40)):
        told += live.tick(unit[1] - 45 + number % 3)
        told += take_all(live, [unit])
    assert told == take_all(plain, units(40))
    assert live.save({}) == plain.save({})


def test_a_state_begun_anew_outranks_all_before_it() -> None:
    old = Followed.begin(ENGINES, NOON, 0, with_repeats=False)
    take_all(old, units(40))
    later = Followed.begin(ENGINES, datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC), 0, with_repeats=False)
    assert later.step > old.step > 0
