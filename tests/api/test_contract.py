"""Every operation of the OpenAPI document, whoever wrote it: answers as described, refusals to who may not."""

import json
import os
import re
import secrets
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import (
    CheckFunction,
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.config import (
    CoveragePhaseConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.generation import meta
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test

from api.app import ApiParts, create_app
from api.auth import Access
from api.walls.access import AccessRates
from api.walls.rate import Rate
from api.walls.stack import Walls
from tests.api.client import NOW, PROBLEM, problem
from tests.fixtures.store import call_rows
from watchkeeper.cli.alert_engine import StoreAlertEngine
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.clock import ManualClock
from watchkeeper.settings import Settings
from watchkeeper.storage.api_keys import NewKey, create_key, revoke_key
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.key_ring import KeyRing
from watchkeeper.telemetry import Metrics

pytestmark = pytest.mark.clickhouse

TOKEN = "the-contract"
NO_LIMIT = Walls(rates=AccessRates(Rate(0, 1), Rate(0, 1)))
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


CATALOG = catalog_parts(Settings.load(), ManualClock(NOW))


def parts(store: Store) -> ApiParts:
    """An API with all of its routes, as many as there may be."""
    return ApiParts(
        store,
        Metrics(),
        ManualClock(NOW),
        checks=dict,
        access=Access(tokens=(TOKEN,)),
        walls=NO_LIMIT,
        replay=lambda letters: ["" for _ in letters],
        reprice=lambda _: (),
        catalog=CATALOG,
        alerts=StoreAlertEngine(Settings.load(), store, ManualClock(NOW)),
    )


# Never opened: the document is known before there is a store.
_UNOPENED = create_app(parts(Store(StoreConfig("chdb", "unopened", data_dir=Path("unopened")))))
# Boundary values of each parameter, then a few at random; other methods are another test's business.
_PHASES = PhasesConfig(
    coverage=CoveragePhaseConfig(unexpected_methods=set()), stateful=StatefulPhaseConfig(enabled=False)
)
_CONFIG = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(phases=_PHASES)))
schema = schemathesis.openapi.from_asgi("/openapi.json", _UNOPENED, config=_CONFIG)
DOCUMENT: dict[str, Any] = _UNOPENED.openapi()
_numbers: defaultdict[str, Iterator[int]] = defaultdict(count)


@pytest.fixture(scope="module")
def whole_api(_shared: Store) -> Any:
    """The API over the store that the tests share, with some calls in it."""
    _shared.insert_arrow("calls", call_rows(50), "contract")
    return create_app(parts(_shared))


# A stream of events never ends by itself; it has tests of its own.
ENDING = [
    (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "text/event-stream" not in json.dumps(operation["responses"])
]
_SETTINGS = settings(
    max_examples=int(os.environ.get("TEST_EXAMPLES", "8")),
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


# Its own parametrisation, not the library's: the items of that one have all the same node id since pytest 9.2, of which
# xdist runs only one; and it makes the cases of all operations while tests are collected, in every process.
@pytest.mark.parametrize(("method", "path"), ENDING)
def test_every_answer_is_one_that_the_document_promises(whole_api: Any, method: str, path: str) -> None:
    asked = 0

    def ask(case: schemathesis.Case[Any]) -> None:
        nonlocal asked
        asked += 1
        if is_asked(case):
            case.call_and_validate(app=whole_api, headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS)

    config = HypothesisTestConfig(_CONFIG.projects.default, list(HypothesisTestMode), _SETTINGS)
    create_test(operation=schema[path][method], test_func=ask, config=config)()
    assert asked


def is_asked(case: schemathesis.Case[Any]) -> bool:
    """All that is random; of the boundary values the first two dozen of an operation, then every fifth."""
    if case.meta is None or case.meta.phase.name is not meta.TestPhase.COVERAGE:
        return True
    number = next(_numbers[case.operation.label])
    return number < 24 or number % 5 == 0


GUARDED = [
    (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "security" in operation
]
_VIEWER = [f"/docs/{name}" for name in ("favicon.png", "swagger-ui-bundle.js", "swagger-ui.css")]
OPEN = ["/docs", *_VIEWER, "/healthz", "/metrics", "/openapi.json", "/readyz"]
_PLACES = {re.sub(r":\w+}", "}", context.path or "") for context in iter_route_contexts(_UNOPENED.routes)}
PAGES = sorted(path for path in _PLACES - set(OPEN) if not path.startswith("/v1/"))
"""What people look at, with doors of its own."""
OPEN_PAGES = ("/login", "/theme", "/static/")


def test_nothing_else_is_open() -> None:
    assert sorted(_PLACES - set(PAGES) - {path for _, path in GUARDED}) == OPEN


@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith(OPEN_PAGES)])
def test_pages_send_whoever_may_not_to_the_login(api_with_keys: tuple[TestClient, str], path: str) -> None:
    api, _ = api_with_keys
    place = re.sub(r"{\w+}", "00000000-0000-0000-0000-000000000001", path)
    shown = api.get(place, follow_redirects=False)
    if shown.status_code == 405:  # a form's
        shown = api.post(place, follow_redirects=False)
    assert shown.status_code in (303, 401, 403), shown.text
    assert shown.status_code != 303 or shown.headers["location"].startswith("/login")


@pytest.fixture(scope="module")
def api_with_keys(_shared: Store) -> Iterator[tuple[TestClient, str]]:
    """The API, and a key that may only send calls."""
    clock = ManualClock(NOW)
    made = create_key(_shared, NewKey("contract-ingest", ("ingest",)), NOW, secrets.token_bytes)
    ring = KeyRing(_shared, clock)
    ring.refresh()
    access = Access(tokens=(TOKEN,), keys=ring)
    yield TestClient(create_app(replace(parts(_shared), access=access)), "http://127.0.0.1"), made.text
    revoke_key(_shared, "contract-ingest", NOW)


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_every_operation_refuses_who_may_not(api_with_keys: tuple[TestClient, str], method: str, path: str) -> None:
    api, ingest = api_with_keys
    place = re.sub(r"{\w+}", "00000000-0000-0000-0000-000000000001", path)
    problem(api.request(method, place), 401, "Who are you?")
    for wrong in (f"Bearer {TOKEN}x", f"Bearer {ingest[:-1]}", f"Basic {TOKEN}"):
        problem(api.request(method, place, headers={"Authorization": wrong}), 401, "Who are you?")
    problem(api.request(method, place, headers={"Authorization": f"Bearer {ingest}"}), 403, "Not with this key")


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_every_operation_describes_the_problems_of_the_walls(method: str, path: str) -> None:
    operation = DOCUMENT["paths"][path][method.lower()]
    expected = {"400", "401", "403", "422", "429", "503", "504"}
    expected |= {"404"} if "{" in path else set()
    expected |= {"413"} if "requestBody" in operation else set()
    assert expected <= set(operation["responses"])
    for status in expected:
        assert list(operation["responses"][status]["content"]) == [PROBLEM], status
