"""What every page of ours must be, looked at in a browser."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

_SERIOUS = ("serious", "critical")
MOST_BYTES = 300_000
"""Of a page with all it loads; charts come with it as pictures."""


def faults(page: Page) -> list[str]:
    """Serious violations that axe finds, each with its place."""
    found = Axe().run(page).response["violations"]
    return [_told(one) for one in found if one["impact"] in _SERIOUS]


def _told(violation: dict[str, Any]) -> str:
    places = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
    return f"{violation['id']}: {violation['help']} ({places})"


def headings(page: Page) -> list[int]:
    """Levels of the headings in their order."""
    levels: list[int] = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(one => Number(one.tagName[1]))"
    )
    return levels


def scrolls_sideways(page: Page) -> bool:
    """Is the page wider than the screen?"""
    wider: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wider


def loaded_bytes(page: Page) -> int:
    """Of the page and of what it loaded."""
    script = "performance.getEntries().reduce((sum, one) => sum + (one.decodedBodySize ?? 0), 0)"
    return int(page.evaluate(script))
