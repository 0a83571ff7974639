"""``/``: cards, routes, spending, news; and what it says where there is nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.looking import faults
from tests.web.world import Site, served
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse


def test_models_that_need_a_look_come_first_and_numbers_have_intervals(page: Page, site: Site) -> None:
    page.goto(site.url)
    cards = page.locator(".card")
    names = cards.locator("h3").all_inner_texts()
    assert set(names[:3]) == {"gpt-4o", "gpt-4o-mini", "mistral-large-2411"}
    assert names[3] == "o9-preview" and set(names[4:]) == {"gemini-2.5-flash", "claude-haiku-4-5"}
    rank = cards.filter(has=page.get_by_role("heading", name="gpt-4o-mini", exact=True))
    expect(rank).to_contain_text("regressed")
    expect(rank.get_by_role("link", name="refusal 1.02% → 14%")).to_be_visible()
    assert rank.locator(".spark").count() == 2
    unpriced = cards.filter(has=page.get_by_role("heading", name="o9-preview"))
    expect(unpriced).to_contain_text("cannot tell yet")
    expect(unpriced).to_contain_text("unknown (")
    expect(unpriced).not_to_contain_text("$0")


def test_totals_routes_and_news(page: Page, site: Site) -> None:
    page.goto(site.url)
    totals = page.locator(".totals")
    for text in ("calls a minute", "spent today (UTC)", "spent this month", "80 % interval", "ago"):
        expect(totals).to_contain_text(text)
    expect(page.get_by_role("row", name="shop / chat")).to_contain_text("regressed")
    news = page.locator(".news li")
    expect(news.filter(has_text="Outage")).to_contain_text("closed")
    news.get_by_role("link", name="Refusal").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refusal 1.02% → 14% (10% to 20%)")


def test_keyboard_alone_skips_to_the_content(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_colours_follow_the_system_until_they_are_chosen(page: Page, site: Site) -> None:
    def ground() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    page.emulate_media(color_scheme="light")
    page.goto(f"{site.url}/regressions?state=open")
    light = ground()
    page.emulate_media(color_scheme="dark")
    dark = ground()
    assert light != dark
    page.get_by_role("button", name="light").click()
    expect(page.get_by_role("button", name="light")).to_have_attribute("aria-pressed", "true")
    assert page.url == f"{site.url}/regressions?state=open"
    assert ground() == light
    page.get_by_role("button", name="auto").click()
    expect(page.get_by_role("button", name="auto")).to_have_attribute("aria-pressed", "true")
    assert ground() == dark


def test_an_empty_store_says_what_to_do(browser: Browser, store: Store, tmp_path: Path) -> None:
    with served(store, tmp_path) as empty:
        page = browser.new_page()
        page.goto(empty.url)
        expect(page.locator(".empty")).to_contain_text("watchkeeper_sdk.init(")
        assert faults(page) == []
        page.goto(f"{empty.url}/regressions")
        expect(page.locator(".empty")).to_contain_text("Nothing was found")
        page.close()


def test_without_scripts_all_is_there(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/regressions/a1c0ffee")
    expect(page.locator(".plot svg").first).to_be_visible()
    page.get_by_text("The numbers").click()
    expect(page.get_by_role("region", name="Numbers of").first).to_be_visible()
    context.close()
