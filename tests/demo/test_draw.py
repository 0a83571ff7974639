"""Answers are a function of the seed and the request."""

from collections import Counter

import pytest

from demo.draw import Api, Ask, draw
from demo.profiles import PROFILES, Ending

_FAILURES = {Ending.RATE_LIMITED, Ending.SERVER_ERROR, Ending.SLOW}


def _ask(digest: str, api: Api = Api.CHAT, *, wants_json: bool = False, attempt: int = 1) -> Ask:
    return Ask(api, "app", "gpt-4o-mini", digest, attempt=attempt, wants_json=wants_json)


def _endings(api: Api, *, wants_json: bool, calls: int = 4_000) -> Counter[Ending]:
    profile = PROFILES["gpt-4o-mini"]
    return Counter(draw(profile, _ask(str(n), api, wants_json=wants_json), 1).ending for n in range(calls))


def test_the_same_request_gets_the_same_answer() -> None:
    profile = PROFILES["gpt-5-mini"]
    assert draw(profile, _ask("a"), 1) == draw(profile, _ask("a"), 1)
    assert draw(profile, _ask("a"), 1) != draw(profile, _ask("b"), 1)
    assert draw(profile, _ask("a"), 1) != draw(profile, _ask("a"), 2)
    assert draw(profile, _ask("a"), 1) != draw(profile, _ask("a", attempt=2), 1)


def test_endings_come_about_as_often_as_their_odds() -> None:
    profile, seen = PROFILES["gpt-4o-mini"], _endings(Api.CHAT, wants_json=False)
    for ending in (Ending.RATE_LIMITED, Ending.TRUNCATED, Ending.REFUSAL):
        assert seen[ending] == pytest.approx(4_000 * profile.odds[ending], rel=0.4)
    assert seen[Ending.BROKEN_JSON] == 0


def test_a_json_route_breaks_its_format_but_does_not_refuse_in_prose() -> None:
    seen = _endings(Api.CHAT, wants_json=True)
    assert seen[Ending.BROKEN_JSON] > 50
    assert seen[Ending.WORDED_REFUSAL] == 0


def test_embeddings_can_only_fail_or_answer() -> None:
    assert set(_endings(Api.EMBEDDINGS, wants_json=False)) <= _FAILURES | {Ending.ANSWER}


def test_parts_of_the_tokens_lie_within_their_sums() -> None:
    for number in range(500):
        tokens = draw(PROFILES["gpt-5-mini"], _ask(str(number)), 1).tokens
        assert 0 <= tokens.cached <= tokens.input
        assert 0 < tokens.reasoning < tokens.output


def test_the_pieces_of_a_stream_make_up_its_text() -> None:
    for number in range(50):
        reply = draw(PROFILES["gpt-4o-mini"], _ask(str(number)), 1)
        assert "".join(reply.pieces()) == reply.text


def test_ordinary_answers_come_well_within_a_client_s_patience() -> None:
    for profile in PROFILES.values():
        replies = [draw(profile, _ask(str(number)), 1) for number in range(500)]
        assert max(reply.total_s for reply in replies if reply.ending is not Ending.SLOW) < 2.0
