from itertools import permutations

from benchmarks.layers import LAYERS, layered_calls, one_request, rounds
from benchmarks.truth import expected


def test_every_call_is_seen_once_by_every_layer_in_every_order() -> None:
    calls = layered_calls(24, 1_780_000_000_000_000_000)
    views = list(rounds(calls, list(permutations(LAYERS))))
    assert [len(turn) for turn in views] == [24, 24, 24]
    by_call = {tuple(turn[number][0] for turn in views) for number in range(24)}
    assert by_call == set(permutations(LAYERS))
    spans = {span.trace_id + span.span_id for turn in views for _, span in turn}
    assert len(spans) == 72


def test_views_of_one_request_are_one_call() -> None:
    calls = layered_calls(10, 1_780_000_000_000_000_000)
    body = one_request([(layer, call.view(layer)) for call in calls for layer in LAYERS])
    assert expected([body]).calls == 10
