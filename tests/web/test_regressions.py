"""``/regressions`` and one of them: narrowed, told, and open to what people say."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.web.traffic import NOW
from tests.web.world import Site
from watchkeeper.storage.alert_mutes import standing_mutes
from watchkeeper.storage.audit_log import AuditFilter, list_writes
from watchkeeper.storage.regression_actions import actions_of

pytestmark = pytest.mark.clickhouse


def test_narrowed_by_a_form_whose_choice_stands_in_the_address(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/regressions")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(6)
    page.get_by_label("State").select_option("closed")
    page.get_by_label("Provider").fill("google")
    page.get_by_role("button", name="Show").click()
    assert "state=closed" in page.url and "provider=google" in page.url
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("google/gemini-2.5-flash on all routes")
    expect(page.get_by_label("State")).to_have_value("closed")
    page.get_by_role("link", name="All", exact=True).click()
    expect(rows).to_have_count(6)


@pytest.mark.parametrize("query", ["state=melted", "cursor=%21", "cursor=bm9wZQ", "model=" + "x" * 400])
def test_a_choice_that_makes_no_sense_is_a_page_that_says_so(page: Page, site: Site, query: str) -> None:
    answer = page.goto(f"{site.url}/regressions?{query}")
    assert answer is not None and answer.status == 422
    expect(page.get_by_role("heading", level=1)).to_have_text("A parameter does not fit")
    expect(page.locator("main")).to_contain_text(query.partition("=")[0])


def test_told_with_evidence_onset_interval_and_what_changed(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/regressions/a1c0")
    main = page.locator("main")
    expect(page.get_by_role("heading", level=1)).to_have_text("Latency +53% (typically 1.12 → 1.71 s)")
    for text in (
        "1.71 s (95 % interval 1.64 s to 1.79 s)",
        "looked after by mira",
        "99.7 % of such alarms would be real",
        "served model",
        "asking the provider",
        "OpenAI is worse",
    ):
        expect(main).to_contain_text(text)
    picture = page.locator(".plot")
    expect(picture).to_have_attribute("aria-label", re.compile("One point for every 3 hours"))
    assert picture.locator("svg.wide-chart text", has_text="onset").count() == 1
    page.get_by_text("The numbers").click()
    assert page.get_by_role("region", name="Numbers of").locator("tbody tr").count() > 20


def test_a_change_of_models_shows_which_answered(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/regressions/f6c0ffee")
    expect(page.locator("figure")).to_contain_text("of the calls came from gpt-4o-2024-08-06")
    expect(page.locator("figure")).to_contain_text("of the calls came from gpt-4o-2024-11-20")


def test_one_that_is_not_there(page: Page, site: Site) -> None:
    answer = page.goto(f"{site.url}/regressions/%3Cscript%3Ealert(1)")
    assert answer is not None and answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("No such regression")
    expect(page.locator("main")).to_contain_text("<script>alert(1)")


def test_acknowledged_once_and_audited(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/regressions/b2c0ffee")
    page.get_by_label("Comment").fill("on it <b>now</b>")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("status")).to_contain_text("Acknowledge: noted")
    main = page.locator("main")
    expect(main).to_contain_text("looked after by local")
    expect(main).to_contain_text("on it <b>now</b>")
    [said] = actions_of(site.store, ["b2c0ffee"])["b2c0ffee"]
    assert (said.action, said.made_by, said.comment) == ("acknowledge", "local", "on it <b>now</b>")
    written = list_writes(site.store, AuditFilter(NOW - timedelta(days=1), NOW + timedelta(days=1)), 10)
    assert ("POST", "/regressions/b2c0ffee/acknowledge", 303) in {(one.method, one.path, one.status) for one in written}


def test_a_false_alarm_counts_once(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/regressions/e5c0ffee")
    expect(page.locator(".buttons button")).to_have_text(["False alarm", "Comment"])
    late = page.context.new_page()
    late.goto(page.url)
    page.get_by_role("button", name="False alarm").click()
    expect(page.get_by_role("status")).to_contain_text("False alarm: noted")
    expect(page.locator(".buttons button")).to_have_text(["Comment"])
    late.get_by_role("button", name="False alarm").click()
    expect(late.get_by_role("alert")).to_contain_text("is marked as a false alarm already")
    late.get_by_role("button", name="dark").click()
    assert late.url == f"{site.url}/regressions/e5c0ffee"
    assert [one.action for one in actions_of(site.store, ["e5c0ffee"])["e5c0ffee"]] == ["false_alarm"]


def test_closed_and_reopened(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/regressions/f6c0ffee")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("status")).to_contain_text("Close: noted")
    site.clock.sleep(0.001)  # what is said at one moment has no order
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("status")).to_contain_text("Reopen: noted")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()


def test_an_empty_comment_is_told_on_the_page(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/regressions/c3c0ffee")
    page.get_by_role("button", name="Comment").click()
    expect(page.get_by_role("alert")).to_contain_text("comment is empty")


@pytest.mark.parametrize(
    ("about", "match"),
    [
        ("this", {"id": "d4c0ffee"}),
        ("model", {"provider": "mistral", "model": "mistral-large-2411"}),
        ("route", {"service": "billing", "route": "invoices"}),
    ],
)
def test_muted(page: Page, site: Site, about: str, match: dict[str, str]) -> None:
    page.goto(f"{site.url}/regressions/d4c0ffee")
    page.locator("select[name=about]").select_option(about)
    page.locator("select[name=for]").select_option("4 hours")
    page.get_by_label("Reason").fill(f"a new parser comes ({about})")
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("status")).to_contain_text("Muted")
    [made] = [one for one in standing_mutes(site.store, NOW) if f"({about})" in one.mute]
    for name, word in match.items():
        assert f'"{name}":["{word}"]' in made.mute.replace(" ", "")
    assert made.until is not None and round((made.until - NOW).total_seconds()) == 4 * 3600
