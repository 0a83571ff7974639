"""Messages on their way out: forms, signature, escapes, the guard, and apprise, against a real receiver."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from alerts.channel_config import ChannelConfig
from alerts.channels import ChannelParts, sender
from alerts.compose import compose
from alerts.event import Event, EventState, Severity
from alerts.message import Message
from alerts.pagerduty import pagerduty_payload, pagerduty_url
from alerts.plain_text import MOST_CHARS, markdown, text
from alerts.replay import replay
from alerts.sending import Sender, Undelivered
from alerts.slack import slack_payload
from alerts.target_guard import TargetGuard
from alerts.webhook import REPLAY_WINDOW_S, is_genuine
from tests.alerts.made_events import arrivals, at, ended, event, mark, rules
from tests.alerts.receiver import Receiver, receiving
from watchkeeper.errors import ConfigError

NOW = at(hours=1)
KEY = "s" * 40
APPRISE = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
HOSTILE = "<!channel> @everyone *x* [a](http://evil) `rm`\n# h\x00"


def messages(*events: Event) -> list[Message]:
    made = replay(arrivals(*events), rules(), (), at(hours=20))
    return [compose(order, moment.at, "https://wk.example.com", None) for moment in made for order in moment.orders]


FOUND = event("r1", at(), marks=(mark("served model", "gpt-x-2026-05-01", at()),))
OPENED, OVER = messages(FOUND, ended(FOUND, at(hours=1)))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


class Made:
    """Makes senders and closes them."""

    def __init__(self) -> None:
        self.senders: list[Sender] = []

    def __call__(
        self, config: dict[str, Any], allowed: tuple[str, ...] = ("127.0.0.1",), now: datetime = NOW
    ) -> Sender:
        return self.guarded(config, TargetGuard.allowing(allowed), now)

    def guarded(self, config: dict[str, Any], guard: TargetGuard, now: datetime = NOW) -> Sender:
        checked: ChannelConfig = TypeAdapter[ChannelConfig](ChannelConfig).validate_python(config)
        self.senders.append(sender("c", checked, ChannelParts(guard, lambda: now)))
        return self.senders[-1]


@pytest.fixture
def made() -> Iterator[Made]:
    one = Made()
    yield one
    for each in one.senders:
        each.close()


def test_a_message_says_what_where_since_when_how_much_how_sure_and_what_to_do() -> None:
    lines = {line.label: line.text for line in OPENED.lines}
    assert OPENED.title == "errors 1.00% → 12% of calls, openai/gpt-x on shop/buy"
    assert lines["Since"] == "2026-05-31 23:50 UTC, 12 min ago"
    assert lines["How much"] == "12% now (95 % interval 10% to 15%), 1.00% before"
    assert lines["At the same time"].startswith("served model gpt-x-2026-05-01 at ")
    assert "first suspect" in lines["To do"]
    assert OPENED.link == "https://wk.example.com/v1/regressions/r1"
    assert lines["To stop repeats"] == "watchkeeper alerts acknowledge r1"
    over = {line.label: line.text for line in OVER.lines}
    assert OVER.title.startswith("Over after 1 h 10 min: ")
    assert over["Lasted"].endswith("1 h 10 min")
    assert "12% while it lasted" in over["How much"]
    assert "To do" not in over and "To stop repeats" not in over


def test_the_webhook_is_signed_anew_each_time_with_one_key(receiver: Receiver, made: Made) -> None:
    made({"type": "webhook", "url": f"{receiver.url}/in?a=1", "signing_key": KEY}).send(OPENED)
    made({"type": "webhook", "url": f"{receiver.url}/in?a=1", "signing_key": KEY}, now=at(hours=2)).send(OPENED)
    first, second = receiver.wait_for(2)
    assert first.path == "/in?a=1"
    assert first.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == OPENED.key
    assert first.headers["watchkeeper-signature"] != second.headers["watchkeeper-signature"]
    body = json.loads(first.body)
    assert (body["version"], body["key"], body["subjects"][0]["id"]) == (1, OPENED.key, "r1")
    seconds = NOW.timestamp()
    assert is_genuine(first.body, first.headers, KEY, seconds + REPLAY_WINDOW_S)
    assert not is_genuine(first.body, first.headers, KEY, seconds + REPLAY_WINDOW_S + 1)
    assert not is_genuine(first.body + b" ", first.headers, KEY, seconds)
    assert not is_genuine(first.body, first.headers, "other", seconds)
    assert not is_genuine(first.body, {**first.headers, "watchkeeper-timestamp": "x"}, KEY, seconds)


def test_slack_gets_blocks(receiver: Receiver, made: Made) -> None:
    made({"type": "slack", "url": receiver.url}).send(OVER)
    (one,) = receiver.wait_for(1)
    body = json.loads(one.body)
    assert body["blocks"][0]["text"]["text"].startswith("[critical] Over after ")
    assert body["attachments"][0]["color"] == "#2e933c"


def test_pagerduty_opens_and_resolves_one_incident(receiver: Receiver, made: Made) -> None:
    channel = made({"type": "pagerduty", "routing_key": "r" * 32, "url": f"{receiver.url}/v2/enqueue"})
    channel.send(OPENED)
    channel.send(OVER)
    opened, over = (json.loads(one.body) for one in receiver.wait_for(2))
    assert (opened["event_action"], over["event_action"]) == ("trigger", "resolve")
    assert opened["dedup_key"] == over["dedup_key"] == f"watchkeeper-{OPENED.case}"
    assert opened["payload"]["severity"] == "critical"


def test_what_is_told_once_is_a_change_event_at_pagerduty() -> None:
    (change,) = messages(event("m1", at(), kind="served_model_change", state=EventState.INFO))
    body = pagerduty_payload(change, "r")
    assert "event_action" not in body and "dedup_key" not in body
    assert pagerduty_url(change, "https://x.example/v2/enqueue") == "https://x.example/v2/change/enqueue"


@pytest.mark.parametrize(
    "form", [text, markdown, lambda one: json.dumps(slack_payload(one))], ids=["text", "md", "slack"]
)
def test_names_from_outside_act_as_nothing(form: Callable[[Message], str]) -> None:
    (one,) = messages(event("r1", at(), route=HOSTILE, what=HOSTILE, places=(HOSTILE,)))
    shown = form(one)
    assert "@everyone" not in shown and "\x00" not in shown and "\n#" not in shown
    if form is markdown:
        assert "](http://evil)" not in shown and "\n# " not in shown and "**x**" not in shown
    if form is not text:
        assert "<!channel>" not in shown


def test_messages_are_bounded() -> None:
    many = [event(f"r{n}", at(), route=f"route-{n}" * 20, what="w" * 300, places=(f"p{n}" * 30,)) for n in range(300)]
    (one,) = messages(*many)[:1]
    assert len(one.subjects) == 20 and one.more_subjects == 280
    assert len(one.model_dump_json()) < 40_000
    assert len(markdown(one)) <= MOST_CHARS and len(text(one)) <= MOST_CHARS
    payload = slack_payload(one)
    assert all(len(block["text"]["text"]) <= 3_000 for block in payload["attachments"][0]["blocks"][:1])
    assert len(payload["blocks"][0]["text"]["text"]) <= 150


@APPRISE
def test_apprise_delivers_and_says_when_it_could_not(receiver: Receiver, made: Made) -> None:
    channel = made({"type": "apprise", "url": f"json://127.0.0.1:{receiver.port}/in"})
    channel.send(OPENED)
    (one,) = receiver.wait_for(1)
    assert "errors 1.00% → 12%" in json.loads(one.body)["title"]
    receiver.status = 500
    with pytest.raises(Undelivered, match="did not take it"):
        channel.send(OPENED)


@APPRISE
def test_apprise_goes_nowhere_private(receiver: Receiver, made: Made) -> None:
    channel = made({"type": "apprise", "url": f"json://127.0.0.1:{receiver.port}/in"}, allowed=())
    with pytest.raises(Undelivered, match="no address of the public internet"):
        channel.send(OPENED)
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("status", "rejected"), [(500, False), (429, False), (401, False), (422, True), (404, True)], ids=str
)
def test_an_answer_says_whether_to_come_again(receiver: Receiver, made: Made, status: int, rejected: bool) -> None:
    receiver.status, receiver.answer_headers = status, {"Retry-After": "7"}
    with pytest.raises(Undelivered, match=f"127.0.0.1 answered {status}") as raised:
        made({"type": "slack", "url": f"{receiver.url}/services/secret"}).send(OPENED)
    assert (raised.value.rejected, raised.value.retry_after_s) == (rejected, 7.0)
    assert "secret" not in str(raised.value)


def test_a_redirect_is_not_followed(receiver: Receiver, made: Made) -> None:
    with receiving() as other:
        receiver.status, receiver.answer_headers = 302, {"Location": other.url}
        with pytest.raises(Undelivered, match="redirect"):
            made({"type": "slack", "url": receiver.url}).send(OPENED)
        assert other.requests == []


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.100.100.200", "0.0.0.0", "224.0.0.1",
    "::1", "fe80::1%eth0", "fd00:ec2::254", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_message_goes_to_a_private_address(address: str) -> None:
    guard = TargetGuard(resolve=lambda host, port: [address])
    with pytest.raises(Undelivered, match="no address of the public internet"):
        guard.address("hooks.example.com", 443)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    guard = TargetGuard(resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(Undelivered):
        guard.address("hooks.example.com", 443)


@pytest.mark.parametrize("allowed", [("10.0.0.0/8",), ("10.0.0.1",), ("HOOKS.internal",)], ids=str)
def test_the_operator_may_allow_it(allowed: tuple[str, ...]) -> None:
    made_guard = TargetGuard.allowing(allowed)
    guard = TargetGuard(made_guard.hosts, made_guard.networks, lambda host, port: ["10.0.0.1"])
    assert guard.address("hooks.internal", 443) == "10.0.0.1"


def test_the_address_that_was_checked_is_the_one_connected_to(receiver: Receiver, made: Made) -> None:
    """A name that answers otherwise the second time (DNS rebinding) is asked once only."""
    answers = ["127.0.0.1"]
    guard = TargetGuard(frozenset({"hooks.internal"}), (), lambda host, port: [answers.pop()])
    made.guarded({"type": "slack", "url": f"http://hooks.internal:{receiver.port}/x"}, guard).send(OPENED)
    (one,) = receiver.wait_for(1)
    assert one.headers["host"] == f"hooks.internal:{receiver.port}"
    assert answers == []


@APPRISE
@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"type": "slack", "url": "ftp://secret-word"}, "begins with https"),
        ({"type": "apprise", "url": "nonsense://secret-word"}, "no address that apprise understands"),
    ],
    ids=["scheme", "apprise"],
)
def test_a_wrong_address_is_told_without_being_shown(made: Made, config: dict[str, Any], word: str) -> None:
    with pytest.raises((ConfigError, ValueError), match=word) as raised:
        made(config)
    assert "secret-word" not in str(raised.value)


def test_what_it_cost_and_how_bad_it_was_are_told() -> None:
    (one,) = messages(event("o1", at(), kind="outage", severity=Severity.CRITICAL, size=None))[:1]
    assert "Look at the provider's status page" in text(one)
    assert one.title.startswith("outage: ")
