"""The traffic workers against the mock provider: what reaches the receiver is what the provider saw."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from demo.applications import APPLICATIONS
from demo.crosscheck import compare
from demo.mock_provider import MockProvider, serving
from demo.part import part
from demo.profiles import PROFILES
from demo.summary import SummaryRow
from demo.truth import ProviderCall, Truth
from tests.demo.otlp_sink import OtlpSink, SeenSpan, otlp_sink
from watchkeeper.schema import Outcome

_CALLS = 36
_SECONDS = 2.0
_SERVICES = tuple(APPLICATIONS)


@pytest.fixture(scope="module")
def provider_and_sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Truth, OtlpSink]]:
    """All four workers at once, each in its own process, run to their end."""
    directory = Path(tmp_path_factory.mktemp("traffic"))
    provider = MockProvider(seed=3, profiles=PROFILES)
    with serving(provider) as address, otlp_sink() as sink, ExitStack() as stack:
        arguments = [
            "--provider",
            address,
            "--otlp",
            sink.url,
            "--seconds",
            str(_SECONDS),
            "--limit",
            str(_CALLS),
        ]
        workers = [
            stack.enter_context(part(name, ["demo.traffic", "--application", name, *arguments], directory))
            for name in _SERVICES
        ]
        for worker in workers:
            assert worker.process.wait(90) == 0, worker.failure("did not end well")
        yield provider.truth, sink


def _calls(truth: Truth, service: str) -> list[ProviderCall]:
    return [call for call in truth.calls() if call.application == service]


def _spans(sink: OtlpSink, service: str) -> list[SeenSpan]:
    return [span for span in sink.spans() if span.service == service]


@pytest.mark.parametrize("service", _SERVICES)
def test_there_is_one_span_for_each_call_the_provider_saw(
    provider_and_sink: tuple[Truth, OtlpSink], service: str
) -> None:
    truth, sink = provider_and_sink
    planned = min(_CALLS, round(_SECONDS * APPLICATIONS[service].calls_per_second))
    assert len(_spans(sink, service)) == len(_calls(truth, service)) == planned


@pytest.mark.parametrize("service", _SERVICES)
def test_every_span_carries_the_route_it_works_for(provider_and_sink: tuple[Truth, OtlpSink], service: str) -> None:
    _, sink = provider_and_sink
    routes = {workload.route for workload in APPLICATIONS[service].workloads}
    assert {span.attributes.get("watchkeeper.route") for span in _spans(sink, service)} == routes


@pytest.mark.parametrize("service", _SERVICES)
def test_the_tokens_on_the_spans_add_up_to_the_provider_s_own_count(
    provider_and_sink: tuple[Truth, OtlpSink], service: str
) -> None:
    truth, sink = provider_and_sink
    calls, spans = _calls(truth, service), _spans(sink, service)
    sent = sum(_tokens(span, "gen_ai.usage.input_tokens", "llm.token_count.prompt") for span in spans)
    got = sum(_tokens(span, "gen_ai.usage.output_tokens", "llm.token_count.completion") for span in spans)
    assert sent == sum(call.input_tokens or 0 for call in calls)
    assert got == sum(call.output_tokens or 0 for call in calls)


def test_the_traffic_holds_good_and_bad_endings(provider_and_sink: tuple[Truth, OtlpSink]) -> None:
    truth, _ = provider_and_sink
    outcomes = {call.outcome for call in truth.calls()}
    assert {Outcome.OK, Outcome.RATE_LIMITED, Outcome.REFUSED, Outcome.TRUNCATED} <= outcomes
    assert truth.in_flight == 0


@pytest.mark.e2e
def test_the_collector_reads_the_spans_as_the_provider_booked_the_calls(
    provider_and_sink: tuple[Truth, OtlpSink], tmp_path: Path
) -> None:
    truth, sink = provider_and_sink
    files = [tmp_path / f"{number:04}.bin" for number in range(len(sink.bodies()))]
    for file, body in zip(files, sink.bodies(), strict=True):
        file.write_bytes(body)
    with part("decode", ["watchkeeper.cli", "decode", *map(str, files)], tmp_path) as decoding:
        assert decoding.process.wait(60) == 0, decoding.failure("did not decode")
    rows = [_summary(json.loads(line)) for line in decoding.output.read_text().splitlines()]
    assert compare(truth.calls(), rows).problems == ()


def _summary(call: dict[str, Any]) -> SummaryRow:
    """A decoded call as a summary of one."""
    return SummaryRow.model_validate(call | {"calls": 1, "outcomes": {call["outcome"]: 1}})


def _tokens(span: SeenSpan, *names: str) -> int:
    return next((int(span.attributes[name]) for name in names if name in span.attributes), 0)
