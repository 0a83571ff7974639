"""Bounds of what one visitor can ask of pages: long addresses, many sessions, headers that are none."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import Request, Response

from api.access import Caller, Scope
from api.problems import Problem
from api.web.asking import MOST_BYTES, MOST_PARAMETERS, answered
from api.web.doors import check_own_site
from api.web.quieting import _subject
from api.web.sessions import MOST_OF_ONE, Sessions
from tests.web.traffic import NOW
from watchkeeper.clock import ManualClock


def asked(query: bytes = b"", *headers: tuple[bytes, bytes]) -> Request:
    return Request({"type": "http", "method": "GET", "path": "/calls", "query_string": query, "headers": list(headers)})


def test_a_page_takes_so_many_parameters_and_no_more() -> None:
    assert answered(cast(Any, None), asked(b"route=a&" * MOST_PARAMETERS), "Calls", lambda _: Response()).body == b""


@pytest.mark.parametrize(
    "query", [b"route=a&" * (MOST_PARAMETERS + 1), b"route=" + b"a" * MOST_BYTES], ids=["many", "long"]
)
def test_an_address_that_is_too_long_is_refused_before_links_are_made_of_it(query: bytes) -> None:
    with pytest.raises(Problem, match="too long") as raised:
        answered(cast(Any, None), asked(query), "Calls", lambda _: Response())
    assert raised.value.status == 414


def test_many_logins_of_one_key_end_its_own_sessions_and_no_others() -> None:
    sessions = Sessions(ManualClock(NOW))
    other = sessions.open(Caller("other", "other", frozenset({Scope.READ})))
    many = [sessions.open(Caller("one", "one", frozenset({Scope.READ}))) for _ in range(MOST_OF_ONE + 1)]
    assert [sessions.find(text) is not None for text in (other, many[0], many[1], many[-1])] == [
        True,
        False,
        True,
        True,
    ]


def test_an_origin_that_is_no_address_is_refused_and_not_a_defect() -> None:
    with pytest.raises(Problem, match="another site"):
        check_own_site(asked(b"", (b"origin", b"http://["), (b"host", b"localhost")))


def test_a_mute_of_a_route_whose_name_holds_a_pattern_is_of_this_route_alone() -> None:
    found = cast(Any, SimpleNamespace(service="shop", route="a*"))
    assert _subject(found, ("service", "route")) == {"service": "shop", "route": "a[*]"}
