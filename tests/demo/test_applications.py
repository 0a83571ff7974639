"""The traffic plan."""

import pytest

from demo.applications import APPLICATIONS, Instrumentation, plan
from demo.profiles import PROFILES


def test_every_instrumentation_watches_one_application() -> None:
    assert sorted(playing.instrumentation for playing in APPLICATIONS.values()) == sorted(Instrumentation)


def test_every_model_on_a_route_has_a_profile() -> None:
    models = {load.model for playing in APPLICATIONS.values() for load in playing.workloads}
    assert models == set(PROFILES)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_equal_seeds_plan_equal_calls(name: str) -> None:
    playing = APPLICATIONS[name]
    assert plan(playing, 10, 1) == plan(playing, 10, 1)
    assert plan(playing, 10, 1) != plan(playing, 10, 2)


def test_calls_come_in_order_within_the_time_and_on_every_route() -> None:
    for playing in APPLICATIONS.values():
        calls = plan(playing, 20, 7)
        moments = [call.at_s for call in calls]
        assert moments == sorted(moments)
        assert 0 <= moments[0] <= moments[-1] <= 20
        assert {call.workload for call in calls} == set(playing.workloads)
        assert len(calls) == 20 * playing.calls_per_second


def test_the_default_length_makes_between_1500_and_3000_calls() -> None:
    assert 1_500 <= sum(len(plan(playing, 30, 7)) for playing in APPLICATIONS.values()) <= 3_000
