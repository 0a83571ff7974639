"""Calls that come twice are left out, as far back as is remembered."""

import pyarrow as pa

from detectors.repeated_calls import RepeatedCalls, identities
from tests.fixtures.store import call_rows


def test_a_message_that_comes_again_brings_nothing() -> None:
    seen, calls = RepeatedCalls(), call_rows(100, seed=1)
    assert seen.drop(calls) is calls
    assert seen.drop(calls).num_rows == 0
    assert seen.drop(pa.concat_tables([call_rows(5, seed=2), calls])).num_rows == 5


def test_a_call_and_its_completion_are_two() -> None:
    call = call_rows(1, seed=1)
    completion = call_rows(1, seed=1, calls=0)
    assert call["span_id"] == completion["span_id"]
    assert RepeatedCalls().drop(pa.concat_tables([call, completion, call])).num_rows == 2


def test_rows_without_ids_are_never_taken_for_repetitions() -> None:
    nothing = call_rows(3, trace_id=bytes(16), span_id=bytes(8))
    unknown = nothing.set_column(nothing.column_names.index("span_id"), "span_id", pa.nulls(3, pa.binary(8)))
    seen = RepeatedCalls()
    assert [seen.drop(calls).num_rows for calls in (nothing, nothing, unknown)] == [3, 3, 3]


def test_memory_is_bounded_and_holds_at_least_half() -> None:
    seen, calls = RepeatedCalls(half=100), call_rows(1_000, seed=1)
    for start in range(0, 1_000, 30):
        seen.drop(calls.slice(start, 30))
        assert len(seen.newer) + len(seen.older) < 200
    assert seen.drop(calls.slice(900)).num_rows == 0
    assert seen.drop(calls.slice(0, 100)).num_rows == 100


def test_what_is_remembered_survives_as_arrays() -> None:
    seen, calls = RepeatedCalls(half=60), call_rows(100, seed=1)
    seen.drop(calls)
    newer, older = seen.arrays()
    again = RepeatedCalls(60, set(newer.tolist()), set(older.tolist()))
    assert again == seen and len(newer) + len(older) == 100
    assert len(set(identities(calls).tolist())) == 100


def test_identities_of_a_slice_are_those_of_its_rows() -> None:
    calls = call_rows(10, seed=4)
    assert identities(calls.slice(3, 4)).tolist() == identities(calls).tolist()[3:7]
