"""Charts and sparklines: what is drawn, and the time that an evidence chart spans."""

from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from api.web import charts
from api.web.charts import ACCENT, BUSY, Drawing
from api.web.evidence import STEPS, window
from api.web.figures import between, milliseconds, money, pace, percent, rate, span
from api.web.places import own_place, place_before, place_of
from api.web.sparkline import HEIGHT, WIDTH, sparkline
from watchkeeper.clock import ManualClock, SystemClock

ONSET = datetime(2026, 6, 1, 12, 7, tzinfo=UTC)
SPEC = {
    "width": 400,
    "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]},
    "mark": {"type": "line", "color": ACCENT},
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
}


def test_drawn_twice_in_the_colours_of_the_page_and_without_what_its_policy_forbids() -> None:
    drawn = Drawing(SystemClock()).svg(SPEC)
    assert drawn.count("<svg ") == 2 and drawn.count('class="wide-chart"') == drawn.count('class="narrow-chart"') == 1
    assert drawn.count('stroke="var(--accent)"') == 2
    assert "style=" not in drawn and "<script" not in drawn and "<style" not in drawn


def test_text_of_others_stays_text() -> None:
    spec = {**SPEC, "title": "<script>alert(1)</script>\"'&"}
    drawn = Drawing(SystemClock()).svg(spec)
    assert "<script" not in drawn and "&lt;script&gt;alert(1)&lt;/script&gt;" in drawn


def test_no_data_comes_from_elsewhere() -> None:
    spec = {**SPEC, "data": {"url": "http://127.0.0.1:9/data.json"}}
    with pytest.raises(ValueError, match="url"):
        Drawing(SystemClock()).svg(spec)


def test_a_picture_is_kept() -> None:
    drawing = Drawing(SystemClock())
    assert drawing.svg(SPEC) == drawing.svg(dict(SPEC))
    assert len(drawing._kept) == 2


def test_where_too_many_wait_a_sentence_stands_for_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "_MOST_WAITING", 0)
    assert Drawing(SystemClock()).svg(SPEC) is BUSY


def test_between_pictures_others_have_as_long_as_one_took(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock(ONSET)

    def drawn(spec: str, name: str) -> Markup:
        clock.sleep(0.1)
        return Markup(f"<svg class={name}></svg>")

    monkeypatch.setattr(charts, "_draw", drawn)
    drawing = Drawing(clock)
    assert drawing.svg(SPEC) == "<svg class=wide-chart></svg><svg class=narrow-chart></svg>"
    drawing.svg({**SPEC, "height": 10})
    assert clock.monotonic() == pytest.approx(0.2 + 0.2 + 0.2)
    drawing.svg(SPEC)
    assert clock.monotonic() == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ([], ""),
        ([1.0], ""),
        ([None, None, 3.0], ""),
        ([0.0, 1.0], f"M0.0 {HEIGHT - 2:.1f}h.5L{WIDTH:.1f} 2.0"),
        ([5.0, None, 5.0], f"M0.0 2.0h.5M{WIDTH:.1f} 2.0h.5"),
        ([0.0, 0.0], f"M0.0 {HEIGHT - 2:.1f}h.5L{WIDTH:.1f} {HEIGHT - 2:.1f}"),
    ],
    ids=["nothing", "one", "one-known", "rise", "gap", "flat"],
)
def test_sparkline(values: list[float | None], path: str) -> None:
    assert sparkline(values) == path


@pytest.mark.parametrize(
    "lasted",
    [
        timedelta(0),
        timedelta(minutes=20),
        timedelta(hours=5),
        timedelta(days=3),
        timedelta(days=40),
        timedelta(days=700),
    ],
    ids=str,
)
def test_a_window_holds_the_onset_or_the_latest_of_what_lasts_long(lasted: timedelta) -> None:
    now = ONSET + lasted
    found = window(ONSET, now, now)
    assert found.step_s in STEPS and found.begin.timestamp() % found.step_s == 0
    assert found.end >= now and found.begin < found.end
    assert len(found.starts()) <= 241
    if lasted < timedelta(days=100):
        assert found.begin < ONSET - timedelta(hours=5)


def test_a_window_before_its_end_never_turns_round() -> None:
    found = window(ONSET, ONSET - timedelta(hours=1), ONSET - timedelta(hours=1))
    assert found.begin < found.end


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (percent(None), "unknown"),
        (percent(0.0), "0 %"),
        (percent(0.0123), "1.2 %"),
        (percent(0.5), "50 %"),
        (percent(0.987), "98.7 %"),
        (percent(0.9997), "99.97 %"),
        (percent(1.0), "100 %"),
        (between(0.01, 0.02), "1–2 %"),
        (milliseconds(12.345), "12.3 ms"),
        (milliseconds(1234.5), "1.23 s"),
        (milliseconds(None), "unknown"),
        (money(None), "unknown"),
        (span(3.0), "3 s"),
        (span(119.0), "119 s"),
        (span(26 * 3600.0), "26 h"),
        (span(3 * 86_400.0), "3 d"),
        (span(None), "unknown"),
        (pace(0), "0"),
        (pace(2.04), "2.0"),
        (pace(123.4), "123"),
        (rate({"rate": 0.02, "low": 0.01, "high": 0.04}), "2 % (1–4 %)"),
        (rate({"rate": None, "low": None, "high": None}), "unknown"),
    ],
)
def test_figures(told: str, text: str) -> None:
    assert told == text


@pytest.mark.parametrize("place", ["/", "/regressions?state=open", "/a%20b"])
def test_own_places(place: str) -> None:
    assert own_place(place) == place


@pytest.mark.parametrize(
    ("path", "query", "place"),
    [
        ("/costs", b"by=route&period=7d", "/costs?by=route&period=7d"),
        ("/regressions/a?b#ü", b"", "/regressions/a%3Fb%23%C3%BC"),
        ("/costs", b"route=\xff\xfe&x=<a>", "/costs?route=%FF%FE&x=%3Ca%3E"),
    ],
)
def test_the_place_of_a_request_can_be_come_back_to(path: str, query: bytes, place: str) -> None:
    assert place_of({"path": path, "query_string": query}) == own_place(place) == place


@pytest.mark.parametrize("referer", ["http://[", "/", "http://127.0.0.1/"])
def test_a_form_from_no_page_that_has_a_name_leads_to_the_first(referer: str) -> None:
    assert place_before(referer) == "/"
