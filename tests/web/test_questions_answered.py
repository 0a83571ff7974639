"""What the pages about costs, advice, migrations, calls and intake say and do, in a browser."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.web.plans import ACTED_ON
from tests.web.world import Site
from watchkeeper.storage import model_migrations, route_weights
from watchkeeper.storage.audit_log import AuditFilter, list_writes

pytestmark = pytest.mark.clickhouse


def test_costs_are_drilled_into_and_the_address_keeps_the_filters(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/costs?period=30d")
    page.get_by_role("link", name="shop", exact=True).click()
    expect(page.get_by_role("heading", name="By route")).to_be_visible()
    page.get_by_role("link", name="chat", exact=True).click()
    expect(page.get_by_role("heading", name="By model that answered")).to_be_visible()
    assert re.search(r"period=30d&service=shop&route=chat$", page.url)
    expect(page.get_by_role("row", name=re.compile("gpt-4o-2024-11-20"))).to_be_visible()
    page.get_by_role("link", name="Take away the filter service shop").click()
    assert page.url.endswith("/costs?period=30d&route=chat")


def test_calls_without_a_price_are_told_apart_and_not_free(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/costs?service=agents&period=7d")
    totals = page.get_by_label("Totals")
    expect(totals).to_contain_text("unknown")
    expect(totals).not_to_contain_text("$0")
    page.get_by_role("link", name="Which models, and what to do").click()
    expect(page.locator("#unpriced ~ table").first).to_contain_text("o9-preview")


def test_waste_is_told_and_retries_are_counted_on_demand(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/costs")
    expect(page.get_by_role("link", name="answers that broke the format they had to keep")).to_be_visible()
    page.get_by_role("link", name="count them too").click()
    expect(page.get_by_role("link", name="Leave them out")).to_be_visible()


def test_another_period_and_another_dimension_are_chosen_in_forms(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/costs?service=shop")
    page.get_by_text("Another period").click()
    page.get_by_label("From (UTC)").fill("2026-06-10T00:00")
    page.get_by_label("to (UTC)").fill("2026-06-11T00:00")
    page.get_by_role("button", name="Show").first.click()
    expect(page.locator("main")).to_contain_text("2026-06-10 00:00 UTC to 2026-06-11 00:00 UTC")
    page.get_by_label("Break down by").select_option("prompt_version")
    page.get_by_role("button", name="Show").last.click()
    expect(page.get_by_role("heading", name="By prompt version")).to_be_visible()
    assert "service=shop" in page.url and "start=2026-06-10" in page.url


def test_why_cost_changed_is_a_picture_and_a_table_of_the_same_numbers(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/costs/drivers")
    picture = page.get_by_role("img", name=re.compile("^Cost went (up|down) by"))
    expect(picture.locator("svg.wide-chart")).to_be_visible()
    page.get_by_text("The numbers").click()
    numbers = page.get_by_role("region", name=re.compile("Numbers of"))
    expect(numbers.get_by_role("row", name=re.compile("^volume"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^volume .* Useful answers went"))).to_be_visible()


def test_a_forecast_has_an_interval_and_budgets_their_chance(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/costs/forecast")
    expect(page.get_by_role("list", name="This month")).to_contain_text("with 80 % certainty")
    expect(page.get_by_role("row", name=re.compile("^team "))).to_contain_text("likely to be exceeded")


def test_what_if_prices_the_calls_of_one_model_at_another(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/costs/what-if")
    page.get_by_label("Calls answered by").fill("gpt-4o-2024-08-06")
    page.get_by_label("would go to the model").fill("gpt-4o-mini")
    page.get_by_role("button", name="Price them").click()
    result = page.get_by_label("Result")
    expect(result).to_contain_text("−$")
    expect(page.get_by_role("heading", name="gpt-4o-mini")).to_be_visible()
    assert "model=gpt-4o-2024-08-06&to_model=gpt-4o-mini" in page.url
    # The list of models does not shrink to the one that was chosen.
    assert page.locator("#called-models option").count() > 1


def test_a_mistake_in_a_form_is_named(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/calls")
    page.get_by_text("More to search by").click()
    page.get_by_label("at least, ms").fill("5 s")
    with page.expect_navigation() as found:
        page.evaluate("document.querySelector('main form').submit()")
    assert found.value is not None and found.value.status == 422
    expect(page.get_by_role("alert")).to_contain_text("min_duration_ms")


def test_advice_leads_to_everything_that_was_considered(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/advice")
    page.get_by_role("link", name="rank", exact=True).click()
    expect(page.get_by_role("heading", name="Advice on rank")).to_be_visible()
    expect(page.locator("#considered ~ table").first).to_contain_text("it was not seen doing this work")
    expect(page.locator("#requirements ~ table").first).to_contain_text("inferred from its calls")


def test_a_migration_is_rolled_back_after_a_reason_and_a_confirmation(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/migrations")
    page.get_by_role("link", name="summaries").click()
    expect(page.get_by_role("row", name=re.compile("calls of the candidate"))).to_contain_text("not yet")
    page.get_by_role("link", name="Roll back …").click()
    assert model_migrations.last_decisions(site.store, [ACTED_ON])[ACTED_ON].phase == "canary_25"
    page.get_by_label("Why?").fill("complaints in the forum")
    page.get_by_role("button", name="Roll back now").click()
    expect(page.get_by_text("rolled back").first).to_be_visible()
    last = model_migrations.last_decisions(site.store, [ACTED_ON])[ACTED_ON]
    assert (last.phase, last.reason) == ("rolled_back", "local: complaints in the forum")
    weights = route_weights.read(site.store, "summaries")
    assert weights is not None and [one.model for one in weights.targets] == ["gemini-2.5-flash"]
    now = site.clock.now()
    written = list_writes(site.store, AuditFilter(now - timedelta(days=1), now + timedelta(days=1), ""), 20)
    assert (f"/migrations/{ACTED_ON}/roll-back", 303) in [(one.path, one.status) for one in written]
    page.goto(f"{site.url}/migrations/{ACTED_ON}/roll-back")
    expect(page.locator("main")).to_contain_text("nothing is left to do")


def test_calls_are_searched_page_by_page_down_to_one(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/calls?period=7d")
    page.get_by_label("outcome").select_option("refused")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("row")).to_have_count(51)
    first = page.get_by_role("row").nth(1).inner_text()
    page.get_by_role("link", name="Next page").click()
    assert "outcome=refused" in page.url and "cursor=" in page.url
    assert page.get_by_role("row").nth(1).inner_text() != first
    page.get_by_role("row").nth(1).get_by_role("link").click()
    expect(page.get_by_role("heading", name=re.compile("^Trace"))).to_be_visible()
    expect(page.locator(".call:target")).to_contain_text("refused")
    expect(page.locator("main")).to_contain_text("What was said in calls is not shown")


def test_the_doctor_says_what_is_wrong_first_and_what_to_do(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/doctor")
    rows = page.locator("main table").first.get_by_role("row")
    expect(rows.nth(1)).not_to_contain_text("fine")
    expect(page.get_by_role("row", name=re.compile("^dead letters"))).to_contain_text("3 messages could not be read")
    letters = page.locator("#letters ~ table").first
    expect(letters.get_by_role("row", name=re.compile("malformed_protobuf"))).to_contain_text("no OTLP export request")
    expect(letters.get_by_role("row", name=re.compile("of_tomorrow"))).to_contain_text("watchkeeper dlq show")
    expect(page.get_by_role("row", name=re.compile("^shop semconv"))).to_contain_text(re.compile("[45] s"))
    expect(page.get_by_role("row", name=re.compile("^chat"))).to_contain_text("last message sent")
