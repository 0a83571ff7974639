"""How soon the page shows, and how much it loads: ``python -m benchmarks.page URL`` of a running Watchkeeper.

Each page is opened twice by a new browser without a cache: the first time may find nothing read or drawn before.
"""

import argparse
import shutil
from dataclasses import dataclass

import httpx
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.verdict import Verdict, conclude

MOST_MS = 1_000.0
MOST_BYTES = 300_000
_PAGES = ("/", "/regressions", "/costs", "/advice", "/migrations", "/calls", "/doctor")
_PAINTED = """() => new Promise(told => new PerformanceObserver(list => told(list.getEntries()[0].startTime))
  .observe({type: "paint", buffered: true}))"""
_LOADED = "() => performance.getEntries().reduce((sum, one) => sum + (one.decodedBodySize ?? 0), 0)"


@dataclass(frozen=True, slots=True)
class Look:
    """One page, opened once."""

    path: str
    painted_ms: float
    loaded_bytes: int


def main() -> None:
    """Print a row a page and whether all of them hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="such as http://127.0.0.1:8080")
    url = parser.parse_args().url.rstrip("/")
    table = Table("page", "first paint, first time", "second time", "bytes")
    found: list[Look] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        _look(browser, url, "/login")  # the browser's own start
        for path in (*_PAGES, *_one_regression(url)):
            first, second = (_look(browser, url, path) for _ in range(2))
            found += [first, second]
            table.add_row(path, f"{first.painted_ms:.0f} ms", f"{second.painted_ms:.0f} ms", f"{first.loaded_bytes:,}")
        browser.close()
    Console().print(table)
    slowest = max(look.painted_ms for look in found)
    largest = max(look.loaded_bytes for look in found)
    figure = f"below {MOST_MS:.0f} ms and {MOST_BYTES:,} bytes"
    measured = f"at most {slowest:.0f} ms and {largest:,} bytes"
    conclude(Verdict("first paint of each page", figure, measured, slowest < MOST_MS and largest < MOST_BYTES))


def _one_regression(url: str) -> list[str]:
    rows = httpx.get(f"{url}/v1/regressions", params={"limit": 1, "kind": "regression"}, timeout=30).json()["rows"]
    return [f"/regressions/{row['id']}" for row in rows]


def _look(browser: Browser, url: str, path: str) -> Look:
    page = browser.new_page()
    try:
        page.goto(url + path)
        return Look(path, float(page.evaluate(_PAINTED)), int(page.evaluate(_LOADED)))
    finally:
        page.close()


if __name__ == "__main__":
    main()
