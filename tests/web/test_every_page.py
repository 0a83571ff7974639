"""Each page, wide and light, narrow and dark: readable for everybody, small, without a sound from the console."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.web.conftest import NARROW, WIDE
from tests.web.looking import MOST_BYTES, faults, headings, loaded_bytes, scrolls_sideways
from tests.web.pages import PAGES
from tests.web.world import Site

pytestmark = pytest.mark.clickhouse


@pytest.mark.parametrize("name", PAGES)
def test_page(page: Page, site: Site, screenshots: Path, name: str) -> None:
    answer = page.goto(site.url + PAGES[name])
    assert answer is not None and answer.status == 200
    assert loaded_bytes(page) < MOST_BYTES
    levels = headings(page)
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False)), levels
    assert page.locator("main, header, footer, nav").count() >= 4
    assert page.locator("[style], script:not([src])").count() == 0
    for picture, viewport in (("wide", WIDE), ("narrow", NARROW)):
        page.emulate_media(color_scheme="light" if picture == "wide" else "dark")
        page.set_viewport_size(viewport)
        assert not scrolls_sideways(page), picture
        assert faults(page) == [], picture
        page.screenshot(path=screenshots / f"{name}-{picture}.png", full_page=True)
