"""``watchkeeper decode``: files in, calls out, as the collector would store them."""

from pathlib import Path

import pytest

from tests.cli.command import Watchkeeper
from tests.collector.otlp import CHAT, SpanSpec, request
from tests.collector.test_stage import as_json
from watchkeeper.schema import CALLS_SCHEMA

PLAIN = SpanSpec(9, trace=9, name="GET /", scope="http", attributes={"http.request.method": "GET"})


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """One call as protobuf, another as JSON, two in the Collector's line-delimited JSON, and no OTLP at all."""
    one, other, third = (request(SpanSpec(number, trace=number)) for number in (1, 2, 3))
    contents = {
        "one.bin": one,
        "two.json": as_json(other),
        "lines.json": b"\n".join([as_json(third), b"", as_json(request(SpanSpec(4, trace=4))), b""]),
        "mixed.bin": request(SpanSpec(5, trace=5), PLAIN),
        "garbage.bin": b"\xff\xff no OTLP",
        "broken.json": b'{"resourceSpans": [',
    }
    found = {name: tmp_path / name for name in contents}
    for name, body in contents.items():
        found[name].write_bytes(body)
    return found


def test_a_call_is_one_line_of_json_in_canonical_names(watchkeeper: Watchkeeper, files: dict[str, Path]) -> None:
    ran = watchkeeper("decode", files["one.bin"])
    (row,) = ran.lines()
    assert (ran.code, ran.err) == (0, "")
    stored = set(CALLS_SCHEMA.names) - {"source", "source_partition", "source_offset"}
    assert set(row) == stored | {"file"}
    assert (row["file"], row["trace_id"], row["span_id"]) == (str(files["one.bin"]), f"{1:032x}", f"{1:016x}")
    assert (row["model"], row["outcome"], row["cost_usd"]) == ("gpt-4o-mini-2024-07-18", "ok", 0.000027)
    assert row["ts"].startswith("2026-11-18T")


def test_all_encodings_are_one_stream_in_the_order_given(watchkeeper: Watchkeeper, files: dict[str, Path]) -> None:
    given = [files[name] for name in ("lines.json", "two.json", "one.bin")]
    ran = watchkeeper("decode", *given)
    assert [int(row["span_id"], 16) for row in ran.lines()] == [3, 4, 2, 1]
    assert [Path(row["file"]).name for row in ran.lines()] == ["lines.json", "lines.json", "two.json", "one.bin"]


def test_a_span_that_came_in_an_earlier_file_is_counted_once(watchkeeper: Watchkeeper, files: dict[str, Path]) -> None:
    ran = watchkeeper("decode", files["one.bin"], files["one.bin"], "--skipped")
    call, repeated = ran.lines()
    assert call["calls"] == 1
    assert (repeated["skipped"], repeated["span_id"]) == ("repeated_span", call["span_id"])


def test_skipped_spans_come_with_their_reason_only_on_request(watchkeeper: Watchkeeper, files: dict[str, Path]) -> None:
    assert len(watchkeeper("decode", files["mixed.bin"]).lines()) == 1
    _, skipped = watchkeeper("decode", files["mixed.bin"], "--skipped").lines()
    assert skipped == {
        "file": str(files["mixed.bin"]),
        "trace_id": f"{9:032x}",
        "span_id": f"{9:016x}",
        "name": "GET /",
        "skipped": "not_llm",
    }


def test_a_table_is_for_people(watchkeeper: Watchkeeper, files: dict[str, Path]) -> None:
    ran = watchkeeper("decode", files["one.bin"], "--format", "table")
    assert ran.code == 0
    assert "one.bin" in ran.out and "gpt-4o-mini-2024-07-18" in ran.out and "0.000027" in ran.out


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing.bin", "No such file"), ("garbage.bin", "malformed_protobuf"), ("broken.json", "malformed_json")],
)
def test_a_file_that_does_not_decode_is_named_and_the_others_are_printed(
    watchkeeper: Watchkeeper, files: dict[str, Path], name: str, reason: str
) -> None:
    bad = files["one.bin"].with_name(name)
    ran = watchkeeper("decode", bad, files["one.bin"])
    assert ran.code == 1
    assert [row["file"] for row in ran.lines()] == [str(files["one.bin"])]
    assert f"watchkeeper: {bad}: " in ran.err and reason in ran.err
    assert "Traceback" not in ran.err and "no OTLP\n" not in ran.err


def test_a_directory_and_an_empty_file(watchkeeper: Watchkeeper, tmp_path: Path) -> None:
    empty = tmp_path / "empty.bin"
    empty.touch()
    ran = watchkeeper("decode", empty)
    assert (ran.code, ran.out) == (0, "")
    ran = watchkeeper("decode", tmp_path)
    assert ran.code == 1
    assert str(tmp_path) in ran.err


def test_own_prices_come_first(watchkeeper: Watchkeeper, tmp_path: Path) -> None:
    body = request(SpanSpec(1, attributes={**CHAT, "gen_ai.request.model": "house", "gen_ai.response.model": "house"}))
    spans = tmp_path / "house.bin"
    spans.write_bytes(body)
    prices = tmp_path / "prices.yaml"
    prices.write_text("version: house-1\nprices:\n  - {model: house, provider: openai, input: 1, output: 2}\n")
    (unpriced,) = watchkeeper("decode", spans).lines()
    assert (unpriced["cost_status"], unpriced["cost_usd"]) == ("unpriced", None)
    ran = watchkeeper("decode", spans, "--price-file", prices)
    assert ran.code == 0, ran.err
    (priced,) = ran.lines()
    assert (priced["cost_status"], priced["cost_usd"]) == ("priced", 0.00014)


def test_a_price_file_that_is_wrong_is_a_sentence(watchkeeper: Watchkeeper, files: dict[str, Path]) -> None:
    ran = watchkeeper("decode", files["one.bin"], "--price-file", files["garbage.bin"])
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("watchkeeper: ") and "garbage.bin" in ran.err and "Traceback" not in ran.err
