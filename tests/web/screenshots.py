"""Pictures for the README: ``python -m tests.web.screenshots docs/images``."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.fixtures.store import FOREVER
from tests.web.conftest import CHROMIUM
from tests.web.world import seed, served
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migrator

MOST_BYTES = 150_000


@dataclass(frozen=True, slots=True)
class Picture:
    """What is taken of a page."""

    name: str
    path: str
    width: int = 1120
    height: int = 720
    scheme: str = "light"


PICTURES = (
    Picture("overview", "/"),
    Picture("regression", "/regressions/a1c0ffee", 1000, 895),
    Picture("costs", "/costs?by=route&period=7d"),
    Picture("phone", "/regressions/b2c0ffee", 390, 780, "dark"),
)


def main(directory: Path) -> None:
    """Write all of them. Raises :class:`SystemExit` for one that is too large to carry along."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        store = Store.open(StoreConfig("chdb", "pictures", data_dir=Path(temporary) / "data"))
        Migrator(store, FOREVER).run()
        seed(store)
        with served(store, Path(temporary)) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for picture in PICTURES:
                _take(browser, site.url, picture, directory)
            browser.close()
        store.close()


def _take(browser: Browser, url: str, picture: Picture, directory: Path) -> None:
    page = browser.new_page(
        viewport=ViewportSize(width=picture.width, height=picture.height),
        color_scheme="dark" if picture.scheme == "dark" else "light",
    )
    page.goto(url + picture.path)
    place = directory / f"{picture.name}.png"
    page.screenshot(path=place)
    page.close()
    if place.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{place} has {place.stat().st_size:,} bytes: at most {MOST_BYTES:,}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
