"""Whatever goes wrong is a page for people and a problem document for programs."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.api.client import client, problem
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

PEOPLE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def asked(shared_store: Store) -> TestClient:
    """A site on which two pages are broken."""
    made = client(shared_store)
    app = made.app
    assert isinstance(app, FastAPI)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret of the inside")

    @app.get("/away")
    def away() -> None:
        raise StoreUnavailable("the store does not answer")

    return made


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nothing-here", 404, "No such page"),
        ("/broken", 500, "A defect of Watchkeeper"),
        ("/away", 503, "The store does not answer"),
    ],
)
def test_a_page_for_people_a_document_for_programs(asked: TestClient, path: str, status: int, title: str) -> None:
    page = asked.get(path, headers=PEOPLE)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f"<h1>{title}</h1>" in page.text and "secret of the inside" not in page.text
    assert "style-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY" and page.headers["cache-control"] == "no-store"
    assert (page.headers.get("retry-after") is not None) is (status == 503)
    problem(asked.get(path), status, title)


def test_the_wrong_method_names_the_right_one(asked: TestClient) -> None:
    page = asked.post("/", headers=PEOPLE)
    assert page.status_code == 405 and page.headers["allow"] == "GET"


def test_what_belongs_to_the_api_stays_a_document(asked: TestClient) -> None:
    problem(asked.get("/v1/nothing", headers=PEOPLE), 404, "No such page")
