"""``/v1/alerts``: rules in versions, messages in pages, why, previews, mutes, acknowledgements, tests of channels."""

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from alerts.acknowledgements import KINDS as NOTED
from api.alerting.engine import PreviewQuestion
from api.alerting.rule_book import MOST_BYTES
from api.auth import Access
from tests.alerts.receiver import Receiver, receiving
from tests.alerts.service_bench import KEY, transition
from tests.api.client import NOW, client, of_tenant, problem
from watchkeeper.cli.alert_engine import StoreAlertEngine
from watchkeeper.clock import ManualClock
from watchkeeper.settings import Settings
from watchkeeper.storage.alert_acknowledgements import latest_acknowledgements
from watchkeeper.storage.alert_decisions import DecisionRow, log_decisions
from watchkeeper.storage.alert_deliveries import Delivery, Outcome, log_deliveries
from watchkeeper.storage.alert_mutes import StoredMute, save_mute
from watchkeeper.storage.api_keys import NewKey, create_key
from watchkeeper.storage.audit_log import AuditFilter, list_writes
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing
from watchkeeper.storage.regressions import insert_transitions

pytestmark = pytest.mark.clickhouse

CHANNEL = {"type": "webhook", "url": {"secret": "hook"}, "signing_key": {"secret": "key"}}
RULES: dict[str, Any] = {"channels": {"hook": CHANNEL}, "rules": [{"name": "all", "channels": ["hook"]}]}
LITERAL = "https://hooks.example.com/very-secret"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def connect(store: Store, receiver: Receiver, /, **settings: Any) -> TestClient:
    given = {"hook": f"{receiver.url}/in/secret-path", "key": KEY}
    made = Settings.load(
        **{"alert_secrets": given, "alert_private_targets": ("127.0.0.1",), "data_dir": Path("nowhere"), **settings}
    )
    clock = ManualClock(NOW)
    return client(store, clock=clock, alerts=StoreAlertEngine(made, store, clock))


def with_scope(store: Store, scope: str, engine: StoreAlertEngine) -> TestClient:
    made = create_key(store, NewKey(f"of-{scope}", (scope,)), NOW, secrets.token_bytes)
    ring = KeyRing(store, ManualClock(NOW))
    ring.refresh()
    asked = client(store, clock=ManualClock(NOW), access=Access(keys=ring), alerts=engine)
    asked.headers["Authorization"] = f"Bearer {made.text}"
    return asked


@pytest.fixture(scope="module")
def _made(_shared: Store, receiver: Receiver) -> TestClient:
    return connect(_shared, receiver)


@pytest.fixture
def asked(shared_store: Store, receiver: Receiver, _made: TestClient) -> TestClient:
    """The API over an empty store, with a receiver as the channel ``hook``."""
    receiver.status = 204
    return _made


def put(asked: TestClient, rules: dict[str, Any], **headers: str) -> Any:
    return asked.put("/v1/alerts/rules", json=rules, headers=headers)


# --- rules


def test_rules_are_set_in_versions_and_read_as_they_were_written(asked: TestClient) -> None:
    none = asked.get("/v1/alerts/rules")
    assert (none.json()["source"], none.json()["rules"], none.headers["etag"]) == ("none", None, '"0"')
    made = put(asked, RULES, **{"If-Match": '"0"'})
    assert made.status_code == 200, made.text
    assert (made.json()["version"], made.json()["source"], made.json()["changed_by"]) == (1, "api", "local")
    assert made.json()["rules"] == RULES and made.headers["etag"] == '"1"'
    assert put(asked, RULES).json()["version"] == 1
    second = {**RULES, "time_zone": "Europe/Berlin"}
    assert put(asked, second).headers["etag"] == '"2"'
    assert problem(put(asked, RULES, **{"If-Match": '"1"'}), 412, "They were changed")
    assert asked.get("/v1/alerts/rules", headers={"If-None-Match": '"2"'}).status_code == 304
    versions = asked.get("/v1/alerts/rules/versions").json()["rows"]
    assert [(one["version"], one["rules"]) for one in versions] == [(2, second), (1, RULES)]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"rules": []}, "channels: Field required"),
        ({**RULES, "rules": [{"name": "all", "channels": ["hok"]}]}, "'hok', which is not among `channels`: hook"),
        ({**RULES, "colour": 1}, "colour: Extra inputs"),
        ({**RULES, "channels": {"hook": {**CHANNEL, "url": {"secret": "nope"}}}}, "there is no secret 'nope'"),
        ({**RULES, "channels": {"hook": {**CHANNEL, "url": {"secret": "../../etc/passwd"}}}}, "write {secret: NAME}"),
        ({**RULES, "channels": {"hook": {**CHANNEL, "url": LITERAL}}}, "channels.hook.url: rules of the API hold no"),
        ({**RULES, "channels": {"hook": {**CHANNEL, "signing_key": "abc"}}}, "channels.hook.signing_key"),
        ({**RULES, "channels": {"hook": {"type": "slack", "url": {"secret": "key"}}}}, "it is no address"),
        ({**RULES, "channels": {"hook": {"type": "apprise", "url": {"secret": "key"}}}}, "no address that apprise"),
        ({**RULES, "mutes": [{"reason": "x"}]}, "nothing is silent for ever"),
        ({**RULES, "mutes": [{"reason": "x" * MOST_BYTES}]}, "bytes long: 262,144 are possible"),
    ],
    ids=["channels", "misspelt", "key", "secret", "path", "literal", "signing", "url", "apprise", "mute", "large"],
)  # fmt: skip
def test_wrong_rules_are_told_with_the_place_and_without_secrets(
    asked: TestClient, rules: dict[str, Any], said: str
) -> None:
    answer = put(asked, rules)
    detail = problem(answer, 422, "The rules are wrong")["detail"]
    assert said in detail
    assert LITERAL not in detail and KEY not in detail and "secret-path" not in detail
    assert asked.get("/v1/alerts/rules").json()["source"] == "none"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/collect",
        "http://events.pagerduty.com/v2/enqueue",
        "https://events.pagerduty.com.evil.example.com/",
        "https://events.pagerduty.com@evil.example.com/",
        "https://events.pagerduty.com:8443/",
        "http://169.254.169.254/latest",
    ],
)
def test_no_rule_of_the_api_sends_a_secret_to_an_address_of_its_writer(asked: TestClient, url: str) -> None:
    stolen = {"type": "pagerduty", "routing_key": {"secret": "key"}, "url": url}
    detail = problem(put(asked, {**RULES, "channels": {"hook": stolen}}), 422)["detail"]
    assert "send routing keys to https://events.pagerduty.com" in detail
    europe = {**stolen, "url": "https://events.eu.pagerduty.com/v2/enqueue"}
    assert put(asked, {**RULES, "channels": {"hook": europe}}).status_code == 200


def test_a_rules_file_wins_and_shows_no_secret(shared_store: Store, receiver: Receiver, tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    literal = {"type": "pagerduty", "routing_key": "r0uting", "url": "https://me:pw@events.pagerduty.com/v2?k=1"}
    text = {**RULES, "channels": {"hook": {**CHANNEL, "url": LITERAL}, "oncall": literal}}
    file.write_text(yaml.safe_dump(text) + "mutes: [{reason: test, to: 2026-11-02T18:00:00Z}]")
    asked = connect(shared_store, receiver, alert_rules_file=file)
    answer = asked.get("/v1/alerts/rules")
    assert (answer.json()["source"], answer.json()["file"], answer.json()["version"]) == ("file", str(file), 0)
    channels = answer.json()["rules"]["channels"]
    assert channels["hook"] == {**CHANNEL, "url": {"secret": "hidden"}}
    assert channels["oncall"] == {
        "type": "pagerduty", "routing_key": {"secret": "hidden"}, "url": "https://events.pagerduty.com/v2",
    }  # fmt: skip
    assert not any(word in answer.text for word in (LITERAL, "r0uting", "me:pw", "k=1"))
    assert str(file) in problem(put(asked, RULES), 409, "The rules are in a file")["detail"]
    tag = answer.headers["etag"]
    assert asked.get("/v1/alerts/rules", headers={"If-None-Match": tag}).status_code == 304
    file.write_text("channels: [")
    assert "is not YAML" in problem(asked.get("/v1/alerts/rules"), 409, "The rules file is wrong")["detail"]


def test_who_may_do_what(shared_store: Store, receiver: Receiver) -> None:
    clock = ManualClock(NOW)
    engine = StoreAlertEngine(Settings.load(), shared_store, clock)
    requests = {
        "read": [("GET", "/v1/alerts/messages"), ("GET", "/v1/alerts/mutes")],
        "operate": [("GET", "/v1/alerts/rules"), ("GET", "/v1/alerts/rules/versions")],
        "admin": [("PUT", "/v1/alerts/rules")],
    }
    refused = {
        "read": [*requests["operate"], ("POST", "/v1/alerts/mutes"), ("POST", "/v1/alerts/channels/hook/test"),
                 ("DELETE", "/v1/alerts/mutes/ab"), ("POST", "/v1/alerts/acknowledge/r1")],
        "operate": requests["admin"],
        "ingest": [request for every in requests.values() for request in every],
    }  # fmt: skip
    for scope in ("read", "operate", "admin", "ingest"):
        asked = with_scope(shared_store, scope, engine)
        for method, path in requests.get(scope, ()):
            assert asked.request(method, path, json=RULES).status_code in (200, 422), (scope, path)
        for method, path in refused.get(scope, ()):
            problem(asked.request(method, path, json={}), 403, "Not with this key")
    tenant = of_tenant(shared_store, "acme", alerts=engine)
    for path in ("messages", "why/r1", "mutes"):
        problem(tenant.get(f"/v1/alerts/{path}"), 403, "Not with this key")


def test_setting_rules_is_in_the_audit_log(asked: TestClient, shared_store: Store) -> None:
    token = client(
        shared_store, tokens=("t0ken",), alerts=StoreAlertEngine(Settings.load(), shared_store, ManualClock(NOW))
    )
    token.put("/v1/alerts/rules", json=RULES, headers={"Authorization": "Bearer t0ken"})
    (entry,) = list_writes(shared_store, AuditFilter(NOW - timedelta(hours=1), NOW + timedelta(hours=1)))
    assert (entry.method, entry.path, entry.status) == ("PUT", "/v1/alerts/rules", 422)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 50_000, "not json", "[]", '"x"'], ids=range(5))
def test_a_body_that_is_no_rules_is_refused(asked: TestClient, body: str) -> None:
    answer = asked.put("/v1/alerts/rules", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


# --- messages and why


def delivery(number: int, **fields: Any) -> Delivery:
    made = NOW - timedelta(minutes=number)
    given: dict[str, Any] = {
        "key": f"k{number}", "at": made, "outcome": Outcome.SENT, "attempt": 1, "error": "", "channel": "chat",
        "case": "c", "rule": "all", "verdict": "open", "severity": "critical", "title": f"title {number}",
        "reason": "w", "events": ("r1",), "made_at": made,
    }  # fmt: skip
    return Delivery(**{**given, **fields})


def test_messages_are_listed_in_pages_as_their_latest_attempt_left_them(asked: TestClient, shared_store: Store) -> None:
    failed = delivery(2, outcome=Outcome.FAILED, error="it answered 503")
    rows = [delivery(1), failed, delivery(3, channel="oncall", events=("r2",)), delivery(4, severity="info")]
    log_deliveries(shared_store, [*rows, delivery(1, attempt=2, outcome=Outcome.FAILED, at=NOW)])
    found = list[Any]()
    cursor: str | None = ""
    while cursor is not None:
        page = asked.get("/v1/alerts/messages", params={"limit": 3, "cursor": cursor}).json()
        found += page["rows"]
        cursor = page["next_cursor"]
    assert [(one["key"], one["outcome"]) for one in found] == [
        ("k1", "sent"), ("k2", "failed"), ("k3", "sent"), ("k4", "sent"),
    ]  # fmt: skip

    def keys(**query: str) -> list[str]:
        return [one["key"] for one in asked.get("/v1/alerts/messages", params=query).json()["rows"]]

    assert keys(channel="oncall") == ["k3"] and keys(event="r2") == ["k3"]
    assert keys(outcome="failed") == ["k2"] and keys(severity="info") == ["k4"] and keys(verdict="end") == []
    assert keys(since=rows[1].made_at.isoformat()) == ["k1", "k2"]
    assert keys(until=rows[1].made_at.isoformat()) == ["k3", "k4"]
    for wrong in ("x", "bm90LWE=", "MTIz$"):
        assert "next_cursor" in problem(asked.get("/v1/alerts/messages", params={"cursor": wrong}), 422)["detail"]


def test_why_tells_every_decision_and_message(asked: TestClient, shared_store: Store) -> None:
    insert_transitions(shared_store, [transition("abcde1", NOW), transition("quiet1", NOW)])
    log_decisions(
        shared_store,
        [
            DecisionRow(NOW, "c", ("abcde1",), "chat", "all", "wait", "told once it has lasted 2 min", NOW),
            DecisionRow(NOW + timedelta(minutes=2), "c", ("abcde1",), "chat", "all", "open", "nothing holds it", None),
        ],
    )
    log_deliveries(shared_store, [delivery(0, events=("abcde1",))])
    said = asked.get("/v1/alerts/why/abcde").json()
    assert (said["event"], [one["verdict"] for one in said["decisions"]]) == ("abcde1", ["wait", "open"])
    assert ([one["title"] for one in said["messages"]], said["acknowledgement"]) == (["title 0"], None)
    assert asked.get("/v1/alerts/why/quiet1").json()["decisions"] == []
    problem(asked.get("/v1/alerts/why/nothing"), 404, "No such event")


# --- acknowledgements


@pytest.mark.parametrize("kind", NOTED)
def test_what_is_no_regression_is_acknowledged_here(asked: TestClient, shared_store: Store, kind: str) -> None:
    event = f"{kind}:openai/gpt-x"
    problem(asked.post(f"/v1/alerts/acknowledge/{event}"), 404, "No such event")
    log_decisions(shared_store, [DecisionRow(NOW, "c", (event,), "chat", "all", "open", "x", None)])
    made = asked.post(f"/v1/alerts/acknowledge/{event}", json={"comment": "I look"})
    assert made.status_code == 201
    assert (made.json()["event"], made.json()["made_by"], made.json()["comment"]) == (event, "local", "I look")
    assert latest_acknowledgements(shared_store, [event])[event].at == NOW
    assert asked.get(f"/v1/alerts/why/{event}").json()["acknowledgement"]["made_by"] == "local"


def test_a_regression_is_acknowledged_by_its_detectors(asked: TestClient, shared_store: Store) -> None:
    insert_transitions(shared_store, [transition("abcde1", NOW)])
    assert asked.post("/v1/alerts/acknowledge/abcde").json()["event"] == "abcde1"
    (action,) = asked.get("/v1/regressions/abcde1").json()["actions"]
    assert (action["action"], action["made_by"]) == ("acknowledge", "local")
    insert_transitions(shared_store, [transition("abcde1", NOW, seq=2, state="closed")])
    problem(asked.post("/v1/alerts/acknowledge/abcde1"), 409, "Not as it stands")


# --- preview


def test_a_preview_says_what_rules_would_have_sent(asked: TestClient, shared_store: Store) -> None:
    at = NOW - timedelta(hours=5)
    short = transition("short", at, provider="other")
    over = transition("short", at + timedelta(minutes=1), provider="other", seq=2, state="closed")
    insert_transitions(shared_store, [transition("r1", at), short, over])
    problem(asked.post("/v1/alerts/preview", json={"days": 1}), 422, "The rules are wrong")
    # No secret is looked up: nothing is sent.
    unknown = {**RULES, "channels": {"hook": {"type": "slack", "url": {"secret": "nowhere"}}}}
    found = asked.post("/v1/alerts/preview", json={"days": 1, "rules": unknown}).json()
    assert (found["events"], found["messages_total"], found["untold_total"], found["complete"]) == (2, 1, 1, True)
    (message,) = found["messages"]
    assert (message["verdict"], message["events"], message["channel"]) == ("open", ["r1"], "hook")
    assert "What" in [line["label"] for line in message["lines"]]
    assert found["untold"] == [{"event": "short", "reason": "it was over before it was told"}]
    put(asked, RULES)
    assert asked.post("/v1/alerts/preview", json={"days": 1}).json()["messages_total"] == 1
    assert asked.post("/v1/alerts/preview", json={"days": 0.1}).json()["events"] == 0
    problem(asked.post("/v1/alerts/preview", json={"days": 32}), 422)


def test_a_preview_that_takes_too_long_says_that_it_is_not_all(shared_store: Store, receiver: Receiver) -> None:
    insert_transitions(
        shared_store, [transition(f"r{n}", NOW - timedelta(hours=n), provider=f"p{n}") for n in (1, 2, 3)]
    )

    class Hurried(ManualClock):
        def monotonic(self) -> float:
            self.sleep(12)
            return super().monotonic()

    engine = StoreAlertEngine(Settings.load(), shared_store, Hurried(NOW))
    asked = client(shared_store, alerts=engine)
    found = asked.post("/v1/alerts/preview", json={"rules": RULES}).json()
    assert (found["complete"], found["events"] < 4) == (False, True)


# --- mutes


def test_mutes_are_set_listed_and_lifted(asked: TestClient, shared_store: Store) -> None:
    put(asked, {**RULES, "mutes": [{"reason": "nights", "hours": {"from": "01:00", "to": "04:00"}}]})
    body = {"reason": "load test", "match": {"service": "shop", "effect": 0.2}, "to": "2026-05-29T00:00:00Z"}
    made = asked.post("/v1/alerts/mutes", json=body)
    assert made.status_code == 201, made.text
    assert (made.json()["made_by"], made.json()["match"]) == ("local", {"service": ["shop"], "effect": 0.2})
    mine, of_rules = asked.get("/v1/alerts/mutes").json()["rows"]
    assert mine == made.json()
    assert (of_rules["id"], of_rules["source"], of_rules["reason"]) == (None, "rules", "nights")
    assert asked.delete(f"/v1/alerts/mutes/{mine['id']}").status_code == 204
    problem(asked.delete(f"/v1/alerts/mutes/{mine['id']}"), 404, "No such mute")
    assert [one["source"] for one in asked.get("/v1/alerts/mutes").json()["rows"]] == ["rules"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"to": None}, "nothing is silent for ever"),
        ({"to": "2026-05-28T20:00:00Z"}, "is over already"),
        ({"from": "2026-06-28T20:00:00Z"}, "`to` is not after `from`"),
        ({"match": {"colour": "red"}}, "match.colour"),
        ({"match": {"kind": ["outrage"]}}, "is no kind"),
        ({"match": {"service": ["x"] * 101}}, "match.service"),
        ({"hours": {"from": "25:00", "to": "06:00"}}, "write a time of the day"),
        ({"reason": ""}, "body.reason"),
        ({"reason": "\x1b[31m"}, "body.reason"),
        ({"made_by": "somebody else"}, "made_by"),
    ],
    ids=["endless", "over", "order", "name", "kind", "many", "hours", "reason", "control", "author"],
)
def test_a_wrong_mute_is_refused(asked: TestClient, change: dict[str, Any], said: str) -> None:
    body = {"reason": "x", "to": "2026-05-29T00:00:00Z", **change}
    assert said in problem(asked.post("/v1/alerts/mutes", json=body), 422)["detail"]
    assert asked.get("/v1/alerts/mutes").json()["rows"] == []


def test_there_are_only_so_many_mutes(asked: TestClient, shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.alerting.silencing.MOST_MUTES", 1)
    save_mute(shared_store, StoredMute("a", "{}", NOW + timedelta(hours=1), "me", NOW))
    body = {"reason": "x", "to": "2026-05-29T00:00:00Z"}
    problem(asked.post("/v1/alerts/mutes", json=body), 409, "Too many mutes")


# --- channels


def test_a_channel_is_tried_once_in_ten_seconds(asked: TestClient, receiver: Receiver) -> None:
    put(asked, RULES)
    before = len(receiver.taken)
    assert asked.post("/v1/alerts/channels/hook/test").json() == {"channel": "hook", "delivered": True, "error": None}
    assert json.loads(receiver.wait_for(before + 1)[-1].body)["title"] == "Watchkeeper can reach this channel"
    again = asked.post("/v1/alerts/channels/hook/test")
    assert problem(again, 429) and again.headers["retry-after"] == "10"
    assert "they have hook" in problem(asked.post("/v1/alerts/channels/hok/test"), 404, "No such channel")["detail"]


def test_why_a_channel_does_not_answer_is_told_without_its_secrets(asked: TestClient, receiver: Receiver) -> None:
    put(asked, {"channels": {"away": CHANNEL}, "rules": [{"name": "all", "channels": ["away"]}]})
    receiver.status = 503
    answer = asked.post("/v1/alerts/channels/away/test")
    assert answer.json()["delivered"] is False and "answered 503" in answer.json()["error"]
    assert "secret-path" not in answer.text and KEY not in answer.text


PRIVATE = (
    "http://127.0.0.1:1/", "http://localhost/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://0.0.0.0/", "http://2130706433/",
    "http://0x7f.1/", "http://10.0.0.1/", "http://me:pw@127.0.0.1/",
)  # fmt: skip


def test_no_test_reaches_a_private_address(shared_store: Store, receiver: Receiver) -> None:
    given = {f"to{number}": url for number, url in enumerate(PRIVATE)}
    asked = connect(shared_store, receiver, alert_secrets={**given, "key": KEY}, alert_private_targets=())
    slack = {f"slack-{name}": {"type": "slack", "url": {"secret": name}} for name in given}
    rules = {
        "channels": {**slack, "hook": {**CHANNEL, "url": {"secret": "to0"}}},
        "rules": [{"name": "all", "channels": ["slack-to0"]}],
    }
    assert put(asked, rules).status_code == 200
    before = len(receiver.requests)
    for channel in rules["channels"]:
        answer = asked.post(f"/v1/alerts/channels/{channel}/test").json()
        assert answer["delivered"] is False, channel
        assert "WATCHKEEPER_ALERT_PRIVATE_TARGETS" in answer["error"] or "does not resolve" in answer["error"]
        assert "me:pw" not in answer["error"]
    assert len(receiver.requests) == before


def test_an_api_without_secrets_leaves_them_to_the_process_that_sends(shared_store: Store, receiver: Receiver) -> None:
    asked = connect(shared_store, receiver, alert_secrets={}, store="clickhouse")
    assert put(asked, RULES).status_code == 200
    assert asked.get("/v1/alerts/rules").json()["rules"] == RULES
    assert asked.post("/v1/alerts/preview", json={}).status_code == 200
    tried = asked.post("/v1/alerts/channels/hook/test")
    assert "there is no secret 'hook'" in problem(tried, 409, "It cannot be tried")["detail"]
    embedded = connect(shared_store, receiver, alert_secrets={})
    assert "there is no secret" in problem(put(embedded, RULES), 422)["detail"]


def test_one_preview_at_a_time(shared_store: Store, receiver: Receiver) -> None:
    clock, begun, go_on = ManualClock(NOW), threading.Event(), threading.Event()

    class Slow(StoreAlertEngine):
        def preview(self, question: PreviewQuestion) -> Mapping[str, Any]:
            begun.set()
            go_on.wait(20)
            return super().preview(question)

    asked = client(shared_store, clock=clock, alerts=Slow(Settings.load(), shared_store, clock))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(asked.post, "/v1/alerts/preview", json={"rules": RULES})
        assert begun.wait(20)
        second = asked.post("/v1/alerts/preview", json={"rules": RULES})
        go_on.set()
        assert first.result(20).status_code == 200
    problem(second, 503, "A preview is under way")


def test_without_the_alerts_code_there_is_what_tables_say(shared_store: Store) -> None:
    plain = client(shared_store, access=Access())
    assert plain.get("/v1/alerts/messages").json()["rows"] == []
    problem(plain.get("/v1/alerts/rules"), 404, "No such page")
