"""Calls to bytes and back: the same rows, older writers understood, everything else refused in words."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.store import call_rows
from watchkeeper.codec import decode_calls, encode_calls
from watchkeeper.errors import BadMessage
from watchkeeper.schema import CALLS_SCHEMA

VERSION = b"watchkeeper.schema_version"


def written(table: pa.Table, version: bytes = b"1") -> bytes:
    """A stream as another writer might make it."""
    sink = pa.BufferOutputStream()
    table = table.replace_schema_metadata({VERSION: version})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.unify_dictionaries().combine_chunks())
    value: bytes = sink.getvalue().to_pybytes()
    return value


@pytest.mark.parametrize("rows", [0, 1, 1_000])
def test_a_round_trip_changes_nothing(rows: int) -> None:
    calls = call_rows(rows, cost_usd=None, attributes=[[("a", "b")]] * rows)
    back = decode_calls(encode_calls(calls))
    assert back.schema.equals(CALLS_SCHEMA, check_metadata=True)
    assert back.to_pylist() == calls.to_pylist()


def test_chunks_with_different_dictionaries_make_one_message() -> None:
    calls = pa.concat_tables([call_rows(3, model="one"), call_rows(2, model="two"), call_rows(1, model="three")])
    assert decode_calls(encode_calls(calls))["model"].to_pylist() == ["one"] * 3 + ["two"] * 2 + ["three"]


def test_a_slice_carries_only_its_own_rows() -> None:
    calls = call_rows(10_000)
    assert len(encode_calls(calls.slice(0, 10))) < len(encode_calls(calls)) / 20


def test_columns_an_older_writer_did_not_know_are_null_and_further_ones_are_left_out() -> None:
    calls = call_rows(2)
    older = calls.drop_columns(["fallback_from", "ttft_us"]).append_column("unheard_of", pa.array([1, 2]))
    back = decode_calls(written(older))
    assert back.schema == CALLS_SCHEMA
    assert back["fallback_from"].to_pylist() == back["ttft_us"].to_pylist() == [None, None]
    assert back["span_id"].to_pylist() == calls["span_id"].to_pylist()


@pytest.mark.parametrize("version", [b"0", b"2", b"99", b"one", b"", b"-1"])
def test_a_version_that_is_not_known_is_refused(version: bytes) -> None:
    with pytest.raises(BadMessage) as refused:
        decode_calls(written(call_rows(1), version))
    assert refused.value.reason == "unknown_schema_version"


def test_columns_of_another_kind_are_refused_by_name() -> None:
    calls = call_rows(1)
    other = calls.set_column(0, "ts", pa.array(["MARKVALUE"]))
    with pytest.raises(BadMessage, match="column ts is no timestamp") as refused:
        decode_calls(written(other))
    assert "MARK" not in str(refused.value)


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.integers(0, 3_000).map(lambda size: encode_calls(call_rows(3))[:size])))
def test_whatever_is_no_message_of_ours_is_refused(message: bytes) -> None:
    try:
        assert decode_calls(message).schema == CALLS_SCHEMA
    except BadMessage as refused:
        assert refused.reason in ("malformed_arrow", "unknown_schema_version")
