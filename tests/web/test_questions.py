"""Questions that make no sense, that ask for what is not there, or that try to be more than text."""

import httpx
import pytest

from tests.web.world import Site

pytestmark = pytest.mark.clickhouse

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("/costs?period=soon", "period is 'soon'"),
        ("/costs?by=price", "cannot group by 'price'"),
        ("/costs?sevrice=shop", "there is no parameter 'sevrice'"),
        ("/costs?limit=0", "limit is '0'"),
        ("/costs?retries=maybe", "retries is 'maybe'"),
        ("/costs?start=2026-06-10T00:00&end=2026-06-09T00:00", "must be before end"),
        ("/costs?start=2026-06-10T00:00&period=7d", "not both"),
        ("/costs?outcome=bad", "outcome is 'bad'"),
        ("/costs?tag=x", "'x' is no tag"),
        ("/costs?start=0001-01-01T00:00", "choose at most 800"),
        ("/costs/drivers?versus=soon", "period is 'soon'"),
        ("/costs/drivers?versus=7d", "the two periods overlap"),
        ("/costs/drivers?start=2030-01-01T00:00&end=2030-01-02T00:00", "still to come"),
        ("/costs/forecast?by=model", "there is no parameter 'by'"),
        ("/costs/what-if?to_model=a&to_cache=120", "to_cache is '120'"),
        ("/costs/what-if?to_model=a&to_cache=1e9", "to_cache is '1e9'"),
        ("/costs/what-if?to_model=a&to_input_factor=x", "input_token_factor: "),
        ("/costs/what-if?to_model=a&prices=never", "prices is 'never'"),
        ("/costs/what-if?to_model=" + "a" * 201, "model: "),
        ("/advice?cursor=x", "cursor: "),
        ("/advice?period=900d", "choose at most 800"),
        ("/advice?route=" + "x" * 300, "route: "),
        ("/migrations?show=most", "show is 'most'"),
        ("/calls?min_duration_ms=abc", "min_duration_ms: "),
        ("/calls?cursor=AAAA", "cursor: "),
        ("/calls?order=size", "order: "),
        ("/calls?limit=501", "limit is '501'"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_what_to_mend(site: Site, address: str, says: str) -> None:
    answer = httpx.get(site.url + address, headers=HTML, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/html; charset=utf-8")
    said = answer.text.replace("&#39;", "'")
    assert says in said and "begin anew" in said


@pytest.mark.parametrize(
    "address",
    ["/advice?route=nowhere", "/migrations/m999", "/migrations/m1/explode", "/calls/00000000000000000000000000000000"],
)
def test_what_is_not_there_is_a_page_that_says_so(site: Site, address: str) -> None:
    answer = httpx.get(site.url + address, headers=HTML, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "address",
    [
        "/costs?service=<script>alert(1)</script>",
        '/calls?route="><img src=x onerror=alert(1)>',
        "/advice?route=<b>x</b>",
        "/costs/what-if?to_model=<svg onload=alert(1)>&to_provider=openai",
        "/migrations?route=<i>",
        "/migrations/<i>/roll-back",
    ],
)
def test_what_an_address_holds_stays_text(site: Site, address: str) -> None:
    said = httpx.get(site.url + address, headers=HTML, trust_env=False).text
    assert not [tag for tag in ("<script>alert", "<img src=x", "<b>x", "<svg onload", "<i>") if tag in said]


@pytest.mark.parametrize("address", ["/costs?service=nope", "/calls?service=nope", "/costs?period=2024-01"])
def test_where_nothing_is_a_page_says_what_to_do(site: Site, address: str) -> None:
    answer = httpx.get(site.url + address, headers=HTML, trust_env=False)
    assert answer.status_code == 200
    assert "No calls here" in answer.text
