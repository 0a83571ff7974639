"""The service on a real store: every message arrives, once by its key, whatever is killed or away."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.keeping import LEASE
from tests.alerts.receiver import Receiver, receiving
from tests.alerts.service_bench import KEY, START, Bench
from tests.fixtures.store import call_rows
from watchkeeper.errors import ConfigError
from watchkeeper.storage.alert_decisions import decisions_about
from watchkeeper.storage.alert_deliveries import DeliveryFilter, Outcome, list_deliveries
from watchkeeper.storage.client import Store
from watchkeeper.storage.notices import Notice, write

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def bench(shared_store: Store, receiver: Receiver, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(shared_store, tmp_path / "alerts.yaml")
    made.write_rules({"hook": hook(receiver)})
    yield made
    made.kill()


def hook(receiver: Receiver) -> dict[str, str]:
    return {"type": "webhook", "url": receiver.url, "signing_key": KEY}


def keys(receiver: Receiver) -> list[str]:
    return [one.headers["idempotency-key"] for one in receiver.taken]


def verdicts(receiver: Receiver, count: int) -> list[str]:
    return [json.loads(one.body)["verdict"] for one in receiver.wait_for(count)]


def test_a_regression_is_told_and_its_end_too(bench: Bench, receiver: Receiver) -> None:
    service = bench.service()
    row = bench.found("r1")
    bench.clock.advance(minutes=1)
    assert service.run_once()
    bench.clock.advance(minutes=2)
    service.run_once()
    assert verdicts(receiver, 1) == ["open"]
    bench.found("r1", seq=2, state="closed", onset=row.onset, detected_at=row.detected_at)
    bench.clock.advance(minutes=6)
    service.run_once()
    assert verdicts(receiver, 2) == ["open", "end"]
    service.run_once()
    assert [row.outcome for row in list_deliveries(bench.store, DeliveryFilter(event="r1"))] == [
        Outcome.SENT,
        Outcome.SENT,
    ]
    said = [(row.verdict, row.channel) for row in decisions_about(bench.store, "r1")]
    assert said[:2] == [("wait", "hook"), ("open", "hook")]


def test_channel_away_and_two_kills_every_message_arrives_and_none_twice(bench: Bench, receiver: Receiver) -> None:
    receiver.status = 503
    bench.scale = 2_000
    for number in range(3):
        bench.found(f"r{number}", provider=f"p{number}")
    for kill in (True, True, False):
        service = bench.service()
        bench.clock.advance(minutes=3)
        service.run_once()
        bench.found(f"later{bench.clock.now():%M}", provider=f"late{bench.clock.now():%M}")
        bench.clock.advance(minutes=3)
        service.run_once()
        if kill:
            bench.kill()
    assert receiver.taken == [] and receiver.requests
    receiver.status = 204
    sent = receiver.wait_for(6)
    bench.clock.advance(minutes=1)
    service.run_once()
    bench.kill()
    assert len(sent) == len(set(keys(receiver))) == 6
    subjects = {json.loads(one.body)["subjects"][0]["id"] for one in sent}
    assert {"r0", "r1", "r2"} < subjects
    # Nothing is left over for the next process.
    after = bench.service()
    after.run_once()
    bench.kill()
    assert len(receiver.taken) == 6


def test_killed_between_sending_and_noting_it_comes_again_with_the_same_key(bench: Bench, receiver: Receiver) -> None:
    service = bench.service()
    bench.found("r1")
    bench.clock.advance(minutes=3)
    service.run_once()
    receiver.wait_for(1)
    bench.kill()
    # What was noted is lost, as if the process had died a moment before it wrote.
    bench.store.command("TRUNCATE TABLE alert_deliveries")
    bench.service().run_once()
    receiver.wait_for(2)
    assert len(set(keys(receiver))) == 1


def test_killed_before_what_was_decided_was_saved_nothing_was_sent(
    bench: Bench, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = bench.service()
    bench.found("r1")
    bench.clock.advance(minutes=3)
    with monkeypatch.context() as patched:
        patched.setattr("alerts.keeping.save_alert_state", _killed)
        with pytest.raises(_Killed):
            service.run_once()
    bench.kill()
    assert receiver.requests == []
    bench.service().run_once()
    assert verdicts(receiver, 1) == ["open"]


class _Killed(BaseException):
    """The process ends here."""


def _killed(*_: object) -> None:
    raise _Killed


def test_a_channel_that_hangs_holds_back_no_other(bench: Bench, receiver: Receiver) -> None:
    with receiving() as slow:
        answer = slow.hold = threading.Event()
        bench.write_rules({"slow": hook(slow), "hook": hook(receiver)}, {"channels": ["slow", "hook"]})
        bench.service()
        bench.found("r1")
        bench.clock.advance(minutes=3)
        bench.running[0].run_once()
        assert verdicts(receiver, 1) == ["open"]
        assert slow.taken == []
        answer.set()
        slow.wait_for(1)
        bench.kill()


def test_what_is_rejected_is_given_up_and_the_next_goes_out(bench: Bench, receiver: Receiver) -> None:
    receiver.answers = [422, 422, 422]
    service = bench.service()
    bench.found("r1")
    bench.clock.advance(minutes=3)
    service.run_once()
    bench.found("r2", provider="other")
    bench.clock.advance(minutes=3)
    service.run_once()
    (one,) = receiver.wait_for(1)
    bench.kill()
    assert json.loads(one.body)["subjects"][0]["id"] == "r2"
    (lost,) = list_deliveries(bench.store, DeliveryFilter(event="r1"))
    assert (lost.outcome, lost.attempt, lost.error) == (Outcome.GIVEN_UP, 3, "127.0.0.1 answered 422")


def test_rules_are_read_again_and_wrong_ones_do_not_count(bench: Bench, receiver: Receiver) -> None:
    service = bench.service()
    service.run_once()
    bench.rules_file.write_text("channels: {}")
    bench.found("r1")
    bench.clock.advance(minutes=3)
    service.run_once()
    assert "the rules before it count on" in service.problems()["alert rules"]
    assert verdicts(receiver, 1) == ["open"]
    with receiving() as other:
        bench.write_rules({"hook": hook(other)})
        bench.found("r2", provider="other")
        bench.clock.advance(minutes=3)
        service.run_once()
        assert service.problems() == {}
        assert verdicts(other, 1) == ["open"]
        bench.kill()


def test_one_works_and_another_stands_by_until_it_is_silent(bench: Bench, receiver: Receiver) -> None:
    first, second = bench.service("first", alone=False), bench.service("second", alone=False)
    assert first.run_once()
    assert not second.run_once()
    bench.found("r1")
    bench.clock.advance(seconds=LEASE.total_seconds() + 120)
    assert second.run_once()
    assert verdicts(receiver, 1) == ["open"]
    # Whoever was away so long notices before it sends.
    with pytest.raises(Exception, match="another process works"):
        first.run_once()
    assert not first.run_once()
    assert len(receiver.taken) == 1


def test_a_channel_that_takes_charts_gets_the_numbers_and_another_does_not(bench: Bench, receiver: Receiver) -> None:
    slack = {"type": "slack", "url": receiver.url}
    bench.write_rules({"hook": hook(receiver), "chat": slack}, {"channels": ["hook", "chat"]})
    first = int((START - timedelta(hours=1)).timestamp() * 1e6)
    calls = call_rows(
        60, ts=[first + n * 60_000_000 for n in range(60)], request_model="gpt-x", model="gpt-x", route="buy",
        outcome=["ok"] * 50 + ["error"] * 10,
    )  # fmt: skip
    bench.store.insert_arrow("calls", calls, "calls")
    service = bench.service()
    bench.found("r1", onset=START - timedelta(minutes=10))
    bench.clock.advance(minutes=3)
    service.run_once()
    bodies = [json.loads(one.body) for one in receiver.wait_for(2)]
    bench.kill()
    (chart,) = [body["chart"] for body in bodies if "chart" in body]
    assert (chart["metric"], chart["unit"]) == ("error", "share")
    assert sum(point["calls"] for point in chart["points"]) == 60
    assert sum(point["calls"] * point["value"] for point in chart["points"]) == pytest.approx(10)


def test_notices_are_told_once_though_they_are_read_again(bench: Bench, receiver: Receiver) -> None:
    one = Notice("d1", "deprecation", "gpt-x", "info", "warning", "gpt-x ends on 1 July", {"provider": "openai"}, START)
    write(bench.store, [one])
    service = bench.service()
    for _ in range(3):
        bench.clock.advance(minutes=3)
        service.run_once()
    (sent,) = receiver.wait_for(1)
    assert json.loads(sent.body)["title"] == "gpt-x ends on 1 July, openai"


def test_a_state_of_another_version_is_told(bench: Bench) -> None:
    service = bench.service()
    bench.found("r1")
    bench.clock.advance(minutes=3)
    service.run_once()
    bench.kill()
    bench.store.command("INSERT INTO alert_state SELECT owner, step + 1, saved_by, '{}', saved_at FROM alert_state")
    with pytest.raises(ConfigError, match="another version"):
        bench.service().run_once()


def test_what_was_over_before_the_service_began_is_not_told(bench: Bench, receiver: Receiver) -> None:
    row = bench.found("r1")
    bench.clock.advance(hours=1)
    bench.found("r1", seq=2, state="closed", onset=row.onset, detected_at=row.detected_at)
    bench.found("old", onset=START - timedelta(days=3), detected_at=START - timedelta(days=3), provider="x")
    bench.clock.advance(minutes=3)
    bench.service().run_once()
    (one,) = receiver.wait_for(1)
    bench.kill()
    assert json.loads(one.body)["subjects"][0]["id"] == "old"
