"""Files of calls as other people write them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detectors.calls_file import FileCalls, read_calls
from detectors.columns import call_columns
from watchkeeper.errors import ConfigError
from watchkeeper.schema import CALLS_SCHEMA

FIRST = datetime(2026, 5, 1, 12, 0, 0, 250_000, UTC)
SECONDS = FIRST.timestamp()


def written(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "calls.parquet"


def read(file: Path, **columns: Any) -> FileCalls:
    return read_calls([written(file, **columns)])


@pytest.mark.parametrize(
    ("stamps", "precise_s"),
    [
        (pa.array([FIRST], pa.timestamp("ms", tz="UTC")), 0.0),
        (pa.array([FIRST.astimezone(timezone(timedelta(hours=2)))], pa.timestamp("ns", tz="Europe/Berlin")), 0.0),
        (pa.array([FIRST.replace(tzinfo=None)], pa.timestamp("us")), 0.0),
        (pa.array([SECONDS]), 0.0),
        (pa.array([int(SECONDS)]), 0.25),
        (pa.array([SECONDS * 1e3]), 0.0),
        (pa.array([int(SECONDS * 1e6)]), 0.0),
        (pa.array([int(SECONDS * 1e6) * 1000]), 1e-6),
        (pa.array([Decimal(int(SECONDS * 1e3))]), 0.0),
        (pa.array([str(SECONDS)]), 0.0),
        (pa.array(["2026-05-01T12:00:00.25Z"]), 0.0),
        (pa.array(["2026-05-01 12:00:00.250"]), 0.0),
        (pa.array(["2026-05-01T14:00:00.250+02:00"]).dictionary_encode(), 0.0),
        (pa.array([date(2026, 5, 1)]), 43_200.25),
    ],
)
def test_times_of_any_sensible_type(file: Path, stamps: pa.Array, precise_s: float) -> None:
    (found,) = read(file, ts=stamps, duration_us=[1]).calls["ts"].to_pylist()
    assert abs((found - FIRST).total_seconds()) <= precise_s


def test_texts_with_and_without_zone_may_stand_in_one_column(file: Path) -> None:
    stamps = ["2026-05-01T14:00:00.250+02:00", "2026-05-01T12:00:00.25", "yesterday"]
    found = read(file, ts=stamps, duration_us=[1, 2, 3])
    assert found.calls["ts"].to_pylist() == [FIRST, FIRST]
    assert (found.read, found.left_out) == (3, 1)
    assert "1 rows have no time" in found.notes[-1]


def test_some_texts_that_are_no_times_are_left_out_and_told(file: Path) -> None:
    found = read(file, ts=["2026-01-31T12:00:00", "31.01.2026 12:00"], duration_us=[1, 2])
    assert (found.calls.num_rows, found.left_out) == (1, 1)
    assert any("column ts" in note and "'31.01.2026 12:00'" in note and "year first" in note for note in found.notes)


def test_rows_are_sorted_and_equal_times_keep_their_order(file: Path) -> None:
    found = read(file, ts=[5.0, 3.0, 5.0, 1.0], duration_us=[1, 2, 3, 4])
    assert found.calls["duration_us"].to_pylist() == [4, 2, 1, 3]


def test_columns_of_any_sensible_type(file: Path) -> None:
    found = read(
        file,
        ts=[SECONDS, SECONDS],
        duration_us=pa.array([1_500_000.4, None]),
        ttft_us=pa.array([timedelta(milliseconds=300)] * 2, pa.duration("ms")),
        input_tokens=["12", ""],
        output_tokens=pa.array([Decimal(7), Decimal(8)]),
        cost_usd=[0.0125, float("nan")],
        format_valid=[1, 0],
        route=pa.array(["chat", "chat"]).dictionary_encode(),
        prompt_version=[3, 4],
        span_id=["00000000000000ff", "nonsense"],
        trace_id=pa.nulls(2),
    ).calls
    assert found.schema == CALLS_SCHEMA
    assert found["duration_us"].to_pylist() == [1_500_000, None]
    assert found["ttft_us"].to_pylist() == [300_000, 300_000]
    assert found["input_tokens"].to_pylist() == [12, None]
    assert found["output_tokens"].to_pylist() == [7, 8]
    assert found["cost_usd"].to_pylist() == [Decimal("0.0125").quantize(Decimal("1e-9")), None]
    assert found["format_valid"].to_pylist() == [True, False]
    assert found["prompt_version"].to_pylist() == ["3", "4"]
    assert found["span_id"].to_pylist() == [bytes(7) + b"\xff", bytes(8)]
    assert found["trace_id"].to_pylist() == [bytes(16)] * 2


def test_what_is_absent_is_derived(file: Path) -> None:
    found = read(
        file, ts=[1.0, 2.0], model=["gpt-4-0314", "gpt-4-0613"], service=["shop", "shop"], prompt_name=["", "ask"]
    , duration_us=[1, 1]).calls  # fmt: skip
    assert found["request_model"].to_pylist() == ["gpt-4", "gpt-4"]
    assert found["model"].to_pylist() == ["gpt-4-0314", "gpt-4-0613"]
    assert found["route"].to_pylist() == ["shop", "ask"]
    assert found["calls"].to_pylist() == [1, 1] and found["duration_complete"].to_pylist() == [True, True]
    asked = read(file, ts=[1.0], request_model=["gpt-4"], duration_us=[1]).calls
    assert asked["model"].to_pylist() == ["gpt-4"]


def test_numbers_beyond_bounds_are_unknown_and_told(file: Path) -> None:
    found = read(file, ts=[1.0, 2.0], duration_us=[-1.0, 5.0], input_tokens=[1e30, 3.0])
    assert found.calls["duration_us"].to_pylist() == [None, 5]
    assert found.calls["input_tokens"].to_pylist() == [None, 3]
    assert [note for note in found.notes if "duration_us has 1 numbers" in note and "is the unit right?" in note]


def test_unknown_columns_are_named_once(file: Path) -> None:
    (note,) = read(file, ts=[1.0], duration_us=[1], outcome=["ok"], mood=["good"], ingested_at=[1]).notes
    assert note.endswith("ignored columns that are none of ours: mood")


def test_a_directory_is_all_its_files(tmp_path: Path) -> None:
    written(tmp_path / "b.parquet", ts=[1.0], duration_us=[1], route=["one"])
    written(tmp_path / "a.parquet", ts=[2.0], duration_us=[2], route=["two"])
    found = read_calls([tmp_path])
    assert found.calls["route"].to_pylist() == ["one", "two"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"time": [1.0], "duration_us": [1]}, "there is no column ts"),
        ({"ts": [1.0], "route": ["a"]}, "there is nothing to watch"),
        ({"ts": [True], "duration_us": [1]}, "column ts has the type bool: write a timestamp"),
        ({"ts": [1.0], "duration_us": ["fast"]}, "column duration_us has the type string: write it as a number"),
        ({"ts": [1.0], "duration_us": [1], "route": [["a"]]}, "column route has the type list"),
        (
            {"ts": ["31.12.2025 10:00", None], "duration_us": [1, 2]},
            "column ts holds texts .* '31.12.2025 10:00': .*year",
        ),
        ({"ts": ["12/31/2025"], "duration_us": [1]}, "column ts holds texts .* '12/31/2025': write the year first"),
        ({"ts": ["x" * 99], "duration_us": [1]}, "such as 'x{40}': write"),
        ({"ts": pa.array([], pa.float64()), "duration_us": pa.array([], pa.int64())}, "there are no rows"),
        ({"ts": pa.nulls(2), "duration_us": [1, 2]}, "no row has a time"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(file: Path, columns: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(file, **columns)


def test_files_that_are_none(tmp_path: Path) -> None:
    other = tmp_path / "calls.csv"
    other.write_text("ts,duration_us\n1,2\n")
    with pytest.raises(ConfigError, match=r"calls\.csv: it is not a Parquet file"):
        read_calls([other])
    with pytest.raises(ConfigError, match="there is no such file"):
        read_calls([tmp_path / "away.parquet"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"no \.parquet file in this directory"):
        read_calls([tmp_path / "empty"])


def test_calls_whose_end_nobody_tells_count_for_no_rate(file: Path) -> None:
    found = read(file, ts=[1.0, 2.0], duration_us=[1, 2])
    assert found.calls["outcome"].to_pylist() == ["", ""]
    assert any("no column says how calls ended" in note for note in found.notes)
    columns = call_columns(found.calls)
    assert not columns.counted.any() and (columns.values[:, 0] > 0).all()
