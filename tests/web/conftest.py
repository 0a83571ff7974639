"""A seeded store, a server over it and a real browser: one each for the session."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    ViewportSize,
    sync_playwright,
)

from tests.fixtures.store import FOREVER
from tests.web.world import Site, seed, served
from watchkeeper.storage.client import Store
from watchkeeper.storage.migrate import Migrator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
TOKEN = "a-token-of-the-tests-that-is-long"
WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)


@pytest.fixture(scope="session")
def seeded(engine: Store) -> Iterator[Store]:
    """A migrated store with the whole of :mod:`tests.web.world`. What tests add to it stays."""
    store = engine.beside("web")
    Migrator(store, FOREVER).run()
    seed(store)
    yield store
    store.drop_database()
    store.close()


@pytest.fixture(scope="session")
def site(seeded: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The pages as ``up`` serves them to its own machine."""
    with served(seeded, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    if not CHROMIUM:
        reason = "needs a browser: install Debian's package chromium"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that knows nothing yet: no cookies, no cache."""
    made = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of that browser. The test fails if its console complains, or if a file of a page is not there."""
    complaints: list[str] = []
    made = context.new_page()
    made.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("response", lambda answer: complaints.append(answer.url) if _is_missing(answer) else None)
    yield made
    assert complaints == []


def _is_complaint(said: ConsoleMessage) -> bool:
    # A page that says 404 is one of the tests' own; what lies on a page is looked at by itself.
    return said.type in ("error", "warning") and not said.text.startswith("Failed to load resource")


def _is_missing(answer: Response) -> bool:
    return answer.status >= 400 and answer.request.resource_type != "document"


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go: ``TEST_SCREENSHOTS``, else a temporary directory."""
    given = os.environ.get("TEST_SCREENSHOTS", "")
    made = Path(given) if given else tmp_path_factory.mktemp("screenshots")
    made.mkdir(parents=True, exist_ok=True)
    return made
