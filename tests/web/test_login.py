"""Login by key, sessions, roles, and forms that only our own pages can send."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from api.auth import Access
from tests.web.traffic import NOW
from tests.web.world import Site, served
from watchkeeper.clock import ManualClock
from watchkeeper.storage.api_keys import NewKey, create_key, revoke_key
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing
from watchkeeper.storage.regression_actions import actions_of

pytestmark = pytest.mark.clickhouse

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Guarded:
    """A site that lets in who has a key, and some keys by their scope."""

    site: Site
    ring: KeyRing
    keys: dict[str, str]

    def client(self, **headers: str) -> httpx.Client:
        """A client without a session."""
        return httpx.Client(base_url=self.site.url, headers=headers, timeout=PATIENCE_S, trust_env=False)

    @contextmanager
    def of(self, scope: str) -> Iterator[httpx.Client]:
        """One that has logged in."""
        with self.client(Origin=self.site.url) as made:
            answer = made.post("/login", data={"key": self.keys[scope]})
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
            yield made


@pytest.fixture(scope="module")
def guarded(seeded: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    wanted = [NewKey(scope, (scope,)) for scope in ("read", "operate", "ingest")]
    wanted.append(NewKey("tenant", ("read",), ("acme",)))
    keys = {one.name: create_key(seeded, one, NOW, secrets.token_bytes).text for one in wanted}
    ring = KeyRing(seeded, ManualClock(NOW))
    ring.refresh()
    with served(seeded, tmp_path_factory.mktemp("guarded"), access=Access(keys=ring, guarded=True)) as site:
        yield Guarded(site, ring, keys)


def token_in(page: str) -> str:
    """That of the forms of ``page``."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_in_and_out_again(page: Page, guarded: Guarded) -> None:
    page.goto(f"{guarded.site.url}/regressions?state=open")
    assert "/login?next=%2Fregressions%3Fstate%3Dopen" in page.url
    page.get_by_label("API key").fill("wk_wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("This key opens nothing here.")
    page.get_by_label("API key").fill(guarded.keys["operate"])
    page.get_by_role("button", name="Log in").click()
    assert page.url == f"{guarded.site.url}/regressions?state=open"
    page.goto(f"{guarded.site.url}/regressions/d4c0ffee")
    page.get_by_label("Comment").fill("seen by a key")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator("main")).to_contain_text("comment by operate")
    [cookie] = [one for one in page.context.cookies() if one["name"] == "watchkeeper"]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["path"] == "/"
    page.get_by_role("button", name="Log out").click()
    page.context.add_cookies([{"name": "watchkeeper", "value": cookie["value"], "url": guarded.site.url}])
    page.goto(guarded.site.url)
    assert page.url == f"{guarded.site.url}/login"


def test_a_link_of_another_site_leads_whoever_is_logged_in_to_the_page(page: Page, guarded: Guarded) -> None:
    page.goto(f"{guarded.site.url}/login")
    page.get_by_label("API key").fill(guarded.keys["read"])
    page.get_by_role("button", name="Log in").click()
    page.goto(guarded.site.url.replace("127.0.0.1", "localhost") + "/login")
    page.evaluate("address => { location.href = address }", f"{guarded.site.url}/regressions/a1c0ffee")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Latency")


def test_a_session_opens_pages_and_not_the_api(guarded: Guarded) -> None:
    with guarded.of("operate") as asked:
        assert asked.get("/").status_code == 200
        assert asked.get("/v1/regressions").status_code == 401
        assert asked.post("/v1/regressions/a1c0ffee/close", json={}).status_code == 401


def test_what_a_key_may_not_do_is_not_offered_and_not_done(guarded: Guarded) -> None:
    with guarded.of("read") as asked:
        page = asked.get("/regressions/c3c0ffee")
        assert page.status_code == 200 and "Acknowledge" not in page.text
        forged = asked.post("/regressions/c3c0ffee/comment", data={"csrf": token_in(page.text), "comment": "x"})
        assert forged.status_code == 403 and "lacks it" in forged.text
    assert actions_of(guarded.site.store, ["c3c0ffee"]) == {}


def test_a_key_of_one_tenant_sees_no_regressions_of_all(guarded: Guarded) -> None:
    with guarded.of("tenant") as asked:
        assert asked.get("/").status_code == 200
        assert "What is new" not in asked.get("/").text
        refused = asked.get("/regressions", headers={"Accept": "text/html"})
        assert refused.status_code == 403 and "tells of all tenants" in refused.text


def test_a_key_for_sending_calls_is_told_what_it_lacks(guarded: Guarded) -> None:
    with guarded.client(Origin=guarded.site.url) as asked:
        answer = asked.post("/login", data={"key": guarded.keys["ingest"]})
        assert answer.status_code == 403 and "may send calls but not read" in answer.text
        assert "set-cookie" not in answer.headers


def test_a_session_ends_with_its_key_and_a_login_makes_another(guarded: Guarded) -> None:
    made = create_key(guarded.site.store, NewKey("leaving", ("read",)), NOW, secrets.token_bytes)
    guarded.ring.refresh()
    with guarded.client(Origin=guarded.site.url) as asked:
        asked.post("/login", data={"key": made.text})
        first = asked.cookies["watchkeeper"]
        asked.post("/login", data={"key": made.text})
        assert asked.cookies["watchkeeper"] != first
        assert asked.get("/").status_code == 200
        assert httpx.get(guarded.site.url, cookies={"watchkeeper": first}, trust_env=False).status_code == 303
        revoke_key(guarded.site.store, "leaving", NOW)
        guarded.ring.refresh()
        assert asked.get("/").headers["location"] == "/login"


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Origin": "http://evil.example"}, "another site"),
        ({"Origin": "null"}, "another site"),
        ({"Sec-Fetch-Site": "same-site"}, "another site"),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{site}"}, "another site"),
        ({}, "names no Origin"),
        ({"Origin": "{site}", "Content-Type": "text/plain"}, "Not a form"),
    ],
    ids=["other", "null", "same-site", "cross-site", "none", "text"],
)
@pytest.mark.parametrize("path", ["/regressions/c3c0ffee/comment", "/login", "/theme"])
def test_no_other_site_can_send_a_form(site: Site, path: str, headers: dict[str, str], said: str) -> None:
    given = {name: value.format(site=site.url) for name, value in headers.items()}
    given = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", **given}
    with httpx.Client(base_url=site.url, timeout=PATIENCE_S, trust_env=False) as asked:
        token = token_in(asked.get("/regressions/c3c0ffee").text)
        answer = asked.post(path, content=f"csrf={token}&comment=x&theme=dark&key=x", headers=given)
        assert answer.status_code in (303, 403, 415)
        # From another site nobody is known to be at this machine; what is left of it leads to a login.
        assert said in answer.text or answer.headers["location"] == "/login"
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_form_without_the_token_of_the_session_does_nothing(site: Site, token: str) -> None:
    with httpx.Client(base_url=site.url, timeout=PATIENCE_S, trust_env=False) as asked:
        sent = {"csrf": token, "comment": "x"}
        answer = asked.post("/regressions/c3c0ffee/comment", data=sent, headers={"Origin": site.url})
        assert answer.status_code == 403 and "The form is too old" in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [("a=1&" * 101, 422), ("comment=" + "x" * 70_000, 413), ("comment=%ff", 422), ("comment=é", 422)],
    ids=["fields", "large", "bytes", "plain"],
)
def test_a_body_that_is_no_form(site: Site, body: str, status: int) -> None:
    headers = {"Origin": site.url, "Content-Type": "application/x-www-form-urlencoded"}
    with httpx.Client(base_url=site.url, timeout=PATIENCE_S, trust_env=False) as asked:
        assert asked.post("/regressions/c3c0ffee/comment", content=body.encode(), headers=headers).status_code == status


def test_another_host_name_is_not_this_machine(site: Site) -> None:
    with httpx.Client(base_url=site.url, headers={"Host": "evil.example"}, trust_env=False) as asked:
        assert asked.get("/regressions").headers["location"] == "/login?next=%2Fregressions"


@pytest.mark.parametrize(
    "place",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/%0a\n//x", "x" * 3000],
)
def test_a_login_leads_on_to_this_site_only(guarded: Guarded, place: str) -> None:
    with guarded.client(Origin=guarded.site.url) as asked:
        answer = asked.post("/login", data={"key": guarded.keys["read"], "next": place})
        assert answer.headers["location"] == "/"


def test_too_many_wrong_keys_wait(seeded: Store, tmp_path: Path) -> None:
    with (
        served(seeded, tmp_path, access=Access(tokens=("t" * 32,))) as site,
        httpx.Client(base_url=site.url, headers={"Origin": site.url}, timeout=PATIENCE_S, trust_env=False) as asked,
    ):
        tries = [asked.post("/login", data={"key": f"wrong {number}"}).status_code for number in range(10)]
        assert tries == [403] * 10
        late = asked.post("/login", data={"key": "t" * 32}, headers={"Accept": "text/html"})
        assert late.status_code == 429 and "Too many wrong keys" in late.text
        assert int(late.headers["retry-after"]) > 0


def test_headers_of_a_page(site: Site) -> None:
    with httpx.Client(base_url=site.url, trust_env=False) as asked:
        headers = asked.get("/").headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
        assert (headers["referrer-policy"], headers["cache-control"]) == ("same-origin", "no-store")


def test_the_api_answers_as_before(site: Site) -> None:
    with httpx.Client(base_url=site.url, headers={"Accept": "text/html"}, trust_env=False) as asked:
        assert asked.get("/v1/none").headers["content-type"] == "application/problem+json"
        assert asked.get("/docs").status_code == 200
        paths = asked.get("/openapi.json").json()["paths"]
    assert all(path.startswith("/v1") or path in ("/healthz", "/readyz", "/metrics") for path in paths)
