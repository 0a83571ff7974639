"""Weights to picks: the shares are right, keys stay, and what cannot be read does not count."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import watchkeeper_sdk
from watchkeeper_sdk.routing_weights import Pick, Weighted, read_routes
from watchkeeper_sdk.testing import Calls

KEYS = [f"user-{number}" for number in range(4_000)]


def target(model: str, weight: int = 0, variant: str = "primary") -> dict[str, Any]:
    return {"provider": "openai", "model": model, "weight": weight, "variant": variant}


def weighted(*weights: int, **lists: Any) -> Weighted:
    """Targets a, b, …"""
    return Weighted("chat", {"targets": [target("abcdef"[n], weight) for n, weight in enumerate(weights)], **lists})


def models(of: Weighted, keys: list[str]) -> list[str]:
    return [of.pick(key, random.random).model for key in keys]


def test_picks_without_a_key_follow_the_weights() -> None:
    dice = random.Random(1)
    of = weighted(70, 25, 5)
    shares = Counter(of.pick(None, dice.random).model for _ in range(20_000))
    # Five standard deviations.
    assert abs(shares["a"] - 14_000) < 325 and abs(shares["b"] - 5_000) < 307 and abs(shares["c"] - 1_000) < 155


def test_keys_follow_the_weights_and_always_get_the_same() -> None:
    of = weighted(75, 25)
    chosen = models(of, KEYS)
    # Five standard deviations of 4,000 draws.
    assert abs(chosen.count("b") - 1_000) < 140
    assert models(weighted(75, 25), KEYS) == chosen
    assert of.pick(b"user-1", random.random).model == of.pick("user-1", random.random).model


def test_a_key_gets_the_same_in_every_process() -> None:
    """Written down: a change of the hash would move users of applications whose processes have two versions of it."""
    assert "".join(models(weighted(50, 50), KEYS[:24])) == "ababbbbbababbbbaaababbaa"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=5), st.data())
def test_when_weights_move_from_one_target_to_another_keys_only_move_that_way(weights: list[int], data: Any) -> None:
    loses = data.draw(st.integers(0, len(weights) - 1))
    wins = data.draw(st.integers(0, len(weights) - 1).filter(lambda place: place != loses))
    moved = data.draw(st.integers(0, weights[loses] - 1))
    after = [*weights]
    after[loses] -= moved
    after[wins] += moved
    for before_model, model in zip(
        models(weighted(*weights), KEYS[:500]), models(weighted(*after), KEYS[:500]), strict=True
    ):
        if before_model != model:
            assert before_model != "abcdef"[wins], "a target that grows loses nobody"
            assert model != "abcdef"[loses], "a target that shrinks wins nobody"


def test_from_5_to_25_to_100_percent_and_back_users_move_one_way() -> None:
    steps = [
        set(),
        *(
            {key for key in KEYS if weighted(100 - share, share).pick(key, random.random).model == "b"}
            for share in (5, 25, 50, 99)
        ),
    ]
    assert all(fewer <= more for fewer, more in zip(steps, steps[1:], strict=False))
    assert [round(len(step) / len(KEYS), 2) for step in steps] == pytest.approx([0, 0.05, 0.25, 0.5, 0.99], abs=0.04)
    back = {key for key in KEYS if weighted(95, 5).pick(key, random.random).model == "b"}
    assert back == steps[1]


def test_two_routes_do_not_choose_the_same_users() -> None:
    other = Weighted("search", {"targets": [target("a", 50), target("b", 50)]})
    both = Counter(zip(models(weighted(50, 50), KEYS), models(other, KEYS), strict=True))
    assert all(abs(count - 1_000) < 150 for count in both.values()) and len(both) == 4


def test_shadows_are_drawn_for_each_call_and_fallbacks_stay() -> None:
    dice = random.Random(2)
    of = weighted(100, shadow=[target("s", 10), target("t", 100)], fallbacks=[target("f"), target("a"), target("g")])
    picks = [of.pick(None, dice.random) for _ in range(3_000)]
    assert {tuple(shadow.model for shadow in pick.shadow) for pick in picks} == {("t",), ("s", "t")}
    assert abs(sum(len(pick.shadow) for pick in picks) - 3_300) < 100
    assert {tuple(one.model for one in pick.fallbacks) for pick in picks} == {("f", "g")}, "not what has just failed"
    assert len(set(map(id, picks))) == 2


def test_blocks_mark_the_calls_inside(calls: Calls) -> None:
    of = weighted(100, shadow=[target("s", 100)], fallbacks=[target("f")])
    pick = of.pick("somebody", random.random)
    for one in (pick, *pick.fallbacks, *pick.shadow):
        with one as entered, watchkeeper_sdk.llm_call(entered.provider, entered.model) as call:
            call.response(id="r")
    assert [(one.route, one.variant, one.attributes.get("watchkeeper.fallback_from")) for one in calls] == [
        ("chat", "primary", None),
        ("chat", "primary", "a"),
        ("chat", "shadow", None),
    ]
    assert [one.attributes.get("watchkeeper.attempt") for one in calls] == [None, 2, None]
    with watchkeeper_sdk.llm_call("openai", "a"):
        pass
    assert not calls[-1].route


async def _inside(pick: Pick) -> str:
    async with pick as entered:
        return entered.model


def test_a_pick_says_what_it_is() -> None:
    pick = weighted(100).pick(None, random.random)
    assert repr(pick) == "Pick(route='chat', provider='openai', model='a', variant='primary')"
    with pytest.raises(StopIteration) as ended:
        _inside(pick).send(None)
    assert ended.value.value == "a"


@pytest.mark.parametrize(
    "row",
    [
        None,
        3,
        {},
        {"route": "x"},
        {"route": "x", "targets": []},
        {"route": "x", "targets": [target("a", 0)]},
        {"route": "x", "targets": [{"model": "a"}]},
        {"route": "x", "targets": [{"model": "a", "provider": "p", "weight": "much"}]},
        {"route": "x", "targets": "ab"},
        {"route": "x", "targets": [target("a", 100)], "shadow": 7},
    ],
    ids=range(10),
)
def test_what_cannot_be_read_is_left_out_and_the_rest_counts(row: Any) -> None:
    fine = {"route": "chat", "targets": [target("a", 100)], "of_a_later_version": {}}
    assert list(read_routes([row, fine])) == ["chat"]


@pytest.mark.parametrize("rows", [None, {}, "rows", 7, []], ids=repr)
def test_no_rows_are_no_routes(rows: Any) -> None:
    assert read_routes(rows) == {}


def test_an_unknown_variant_is_primary() -> None:
    row = {"targets": [target("a", 100, "blue-green")]}
    assert Weighted("chat", row).pick(None, random.random).variant == "primary"


def test_any_object_may_be_the_key() -> None:
    of = weighted(50, 50)
    assert of.pick(7, random.random) is of.pick("7", random.random)
    assert of.pick("\ud800", random.random).model in "ab"
