"""Charts of messages: what is drawn, that it is read without colour, and that it never holds a message back."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from alerts.channel_config import AppriseChannel
from alerts.channels import ChannelParts, sender
from alerts.chart import Chart, charted, wanted
from alerts.charts import Charts
from alerts.event import Event
from alerts.message import Message
from alerts.picture import picture, specification
from alerts.sending import Sender, Undelivered
from alerts.target_guard import TargetGuard
from alerts.trial import trial_message
from tests.alerts.made_events import at, event
from tests.alerts.receiver import Receiver, receiving
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.metric_trace import TracePoint

APPRISE = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
STEP = timedelta(minutes=10)
FOUND = event("r1", at(hours=12), since=at(hours=9), route="*", service="*")
PNG = b"\x89PNG\r\n\x1a\n picture"


def points(*values: float | None) -> list[TracePoint]:
    """One for every ten minutes; None: no calls in it, so that there is no point."""
    return [TracePoint(at(minutes=10 * n), 20, value) for n, value in enumerate(values) if value is not None]


def chart(found: Event = FOUND, *values: float | None) -> Chart:
    made = charted(
        found, found.metric, STEP, points(*(values or (*(0.01 for _ in range(54)), *(0.1 for _ in range(18)))))
    )
    assert made is not None
    return made


def test_a_chart_says_what_where_what_was_usual_and_when_it_began() -> None:
    drawn = json.dumps(specification(chart()))
    assert "errors, openai/gpt-x on all routes" in drawn
    assert "share of calls, by 10 min, times in UTC; shaded: as usual before" in drawn
    assert "began 09:00 UTC" in drawn and '"strokeDash"' in drawn


def test_what_was_usual_is_of_before_and_of_enough() -> None:
    usual = chart(FOUND, *(n / 100 for n in range(54)), *(0.9 for _ in range(18))).usual
    assert usual is not None
    assert (usual.low, usual.high) == (0.05, 0.48)
    assert chart(event("r1", at(hours=12), since=at(minutes=40))).usual is None
    assert "shaded" not in json.dumps(specification(chart(event("r1", at(hours=12), since=at(minutes=40)))))


def test_where_there_were_no_calls_the_line_has_a_gap() -> None:
    made = chart(FOUND, 0.1, 0.2, None, None, 0.3)
    assert [point.value for point in made.with_gaps] == [0.1, 0.2, None, 0.3]
    assert made.with_gaps[2].at == at(minutes=20)


@pytest.mark.parametrize(
    "other",
    [
        event("b", at(), kind="budget"), event("m", at(), kind="mix_shift"), event("s", at(), metric="helpfulness"),
        event("n", at(), provider=""), event("c", at(), metric="cache_miss"),
    ],
    ids=["budget", "mix", "score", "nowhere", "not in rollups"],
)  # fmt: skip
def test_what_cannot_be_drawn_is_not(other: Event) -> None:
    assert wanted(other, at(hours=1)) is None


@pytest.mark.parametrize(
    ("lasted", "seen"),
    [(timedelta(minutes=5), 125), (timedelta(hours=3), 9 * 60), (timedelta(days=60), 30 * 24 * 60)],
    ids=str,
)
def test_so_much_of_before_is_seen_as_shows_what_was_usual(lasted: timedelta, seen: int) -> None:
    want = wanted(event("r1", at(), since=at() - lasted), at())
    assert want is not None and want.end - want.begin == timedelta(minutes=seen)


def test_a_picture_is_drawn_whatever_names_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.picture.DEADLINE_S", 60.0)
    drawn = picture(chart(event("r1", at(hours=12), since=at(hours=9), route="{signal: 'x'} <b>\u202e</b>" * 5)))
    assert drawn is not None
    assert drawn.startswith(PNG[:8]) and len(drawn) < 200_000


@pytest.mark.parametrize(
    "program",
    [("sleep", "60"), ("false",), ("echo", "no picture"), ("/nonexistent",)],
    ids=["hangs", "fails", "says something else", "is not there"],
)
def test_without_a_picture_it_goes_on(program: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.picture.DEADLINE_S", 0.3)
    assert picture(chart(), program) is None


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


class Drawn:
    """Counts what is drawn."""

    def __init__(self, result: bytes | None) -> None:
        self.result, self.count = result, 0

    def __call__(self, _: Chart) -> bytes | None:
        self.count += 1
        return self.result


def told(nonce: str = "a", with_chart: Chart | None = None) -> Message:
    return trial_message("c", at(), nonce).model_copy(update={"chart": with_chart or chart()})


def channel(receiver: Receiver, scheme: str = "json") -> Sender:
    config = AppriseChannel(type="apprise", url=SecretStr(f"{scheme}://127.0.0.1:{receiver.port}/in"))
    return sender("c", config, ChannelParts(TargetGuard.allowing(("127.0.0.1",)), at))


def attached(receiver: Receiver) -> list[list[dict[str, Any]]]:
    return [json.loads(one.body)["attachments"] for one in receiver.requests]


@APPRISE
def test_apprise_takes_the_picture_along(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.apprise_channel.picture", Drawn(PNG))
    channel(receiver).send(told())
    ((one,),) = attached(receiver)
    assert base64.b64decode(one["base64"]) == PNG
    assert (one["filename"], one["mimetype"]) == ("chart.png", "image/png")


@APPRISE
def test_what_is_not_taken_with_its_picture_is_tried_without_it_by_turns(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Drawn(PNG)
    monkeypatch.setattr("alerts.apprise_channel.picture", drawn)
    service, receiver.answers = channel(receiver), [500, 500, 500]
    for _ in range(3):
        with pytest.raises(Undelivered):
            service.send(told())
    service.send(told())
    service.send(told("b"))
    assert [len(pictures) for pictures in attached(receiver)] == [1, 0, 1, 0, 1]
    assert drawn.count == 2


@APPRISE
@pytest.mark.parametrize("result", [None, PNG], ids=["not drawn", "drawn"])
def test_a_service_without_pictures_and_a_picture_that_fails_cost_no_message(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, result: bytes | None
) -> None:
    drawn = Drawn(result)
    monkeypatch.setattr("alerts.apprise_channel.picture", drawn)
    # The service `gotify` takes no pictures.
    receiver.status = 200
    channel(receiver, "gotify" if result else "json").send(told())
    assert len(receiver.requests) == 1
    assert drawn.count == (0 if result else 1)


def test_a_store_that_does_not_answer_is_not_asked_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def fails(*_: object) -> None:
        asked.append(_)
        raise StoreUnavailable("away")

    monkeypatch.setattr("alerts.charts.metric_trace", fails)
    charts = Charts(Store(StoreConfig("clickhouse", "watchkeeper", url="http://127.0.0.1:9")))
    assert charts.of([FOUND, FOUND], at(hours=12)) is None
    assert charts.of([FOUND], at(hours=12, seconds=59)) is None
    assert len(asked) == 1
    assert charts.of([FOUND], at(hours=12, minutes=2)) is None
    assert len(asked) == 2
