"""Bearer tokens on everything but health."""

import pytest

from tests.api.client import client, problem
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

GUARDED = [
    ("GET", "/v1/summary"),
    ("GET", "/v1/dead-letters"),
    ("GET", "/v1/dead-letters/00000000-0000-0000-0000-000000000001"),
    ("POST", "/v1/dead-letters/replay"),
    ("POST", "/v1/reprice"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_nothing_of_calls_is_told_without_a_token(shared_store: Store, method: str, path: str) -> None:
    api = client(shared_store, tokens=("one", "two"), reprice=lambda _: ())
    answer = api.request(method, path)
    assert "WATCHKEEPER_TOKENS" in problem(answer, 401)["detail"]
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer three", "Basic one", "one", "Bearer one two", "Bearer ONE"])
def test_a_wrong_token_or_scheme_is_refused(shared_store: Store, header: str) -> None:
    api = client(shared_store, tokens=("one", "two"))
    problem(api.get("/v1/summary", headers={"Authorization": header}), 401)


@pytest.mark.parametrize("header", ["Bearer one", "Bearer two", "bearer two", "BEARER  two"])
def test_each_of_the_tokens_opens(shared_store: Store, header: str) -> None:
    api = client(shared_store, tokens=("one", "two"))
    assert api.get("/v1/summary", headers={"Authorization": header}).status_code == 200


def test_a_token_that_is_no_ascii_is_refused_and_not_an_error(shared_store: Store) -> None:
    api = client(shared_store, tokens=("one",))
    problem(api.get("/v1/summary", headers={b"Authorization": b"Bearer \xfc"}), 401)
