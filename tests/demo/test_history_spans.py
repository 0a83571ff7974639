"""The history's spans are read as what was drawn, whichever instrumentation's bytes they are."""

import numpy as np
import pyarrow as pa
import pytest

from collector.memory import CallMemory
from collector.price_book import PriceBook
from collector.stage import Stage, StageOptions
from demo.history.dialects import Ending
from demo.history.draw import HOUR_S, Drawing, Kind
from demo.history.events import ALIAS, CACHE, FORMAT, OUTAGE, REFUSALS, Event
from demo.history.requests import Traffic, export_requests, span_template
from demo.history.spans import Filling, export_request
from demo.history.workloads import WORKLOADS, Workload
from watchkeeper.schema import Outcome
from watchkeeper.streams.source import Batch, RawMessage

BEGIN = 1_788_134_400.0
_OUTCOMES = {
    Ending.ANSWER: {Outcome.OK},
    Ending.REFUSAL: {Outcome.REFUSED, Outcome.FILTERED},
    Ending.TRUNCATED: {Outcome.TRUNCATED},
    Ending.ERROR: {Outcome.ERROR},
    Ending.RATE_LIMITED: {Outcome.RATE_LIMITED},
    Ending.TIMEOUT: {Outcome.TIMEOUT},
}


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook.load(None)


def stored(bodies: list[bytes], book: PriceBook) -> pa.Table:
    messages = [RawMessage(body, offset) for offset, body in enumerate(bodies)]
    staged = Stage(CallMemory(100_000), book, StageOptions()).read(Batch("otlp", 0, messages, "t"))
    assert not staged.bad
    return staged.calls


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda one: f"{one.route}-{one.model.asked}")
def test_every_ending_of_every_workload_is_read_as_it_was_written(
    workload: Workload, ending: Ending, book: PriceBook
) -> None:
    kind = Kind(ending, False, workload.model.served, workload.version, workload.prompt_version)
    template = span_template(workload, kind)
    start = int(BEGIN * 1e9)
    calls = Filling(
        number=np.array([1, 2, 3], np.uint64),
        start_ns=np.array([start, start + 1, start + 2]),
        end_ns=np.array([start, start + 1, start + 2]) + 3_000_000_000,
        first_s=np.array([0.5, 0.6, 0.7]),
        input=np.array([100_000, 2_000, 30]),
        output=np.array([50, 60, 70]),
        cache_read=np.array([0, 0, 0]),
        cache_write=np.array([0, 0, 0]),
    )
    table = stored([export_request(template.head, template.fill(calls))], book)
    rows = table.sort_by("ts").to_pylist()
    assert len(rows) == 3 and len({row["span_id"] for row in rows}) == 3
    for row in rows:
        told = (row["service"], row["route"], row["provider"], row["request_model"], row["service_version"])
        assert told == (
            workload.service,
            workload.route,
            workload.model.provider,
            workload.model.asked,
            workload.version,
        )
        assert row["outcome"] in _OUTCOMES[ending] and row["duration_us"] == 3_000_000
    if ending in (Ending.ANSWER, Ending.REFUSAL, Ending.TRUNCATED):
        assert [(row["input_tokens"], row["output_tokens"]) for row in rows] == [(100_000, 50), (2_000, 60), (30, 70)]
        assert {row["model"] for row in rows} == {workload.model.served}
        assert {row["cost_status"] for row in rows} == {"priced"}


@pytest.mark.parametrize(
    "event", [OUTAGE, REFUSALS, FORMAT, ALIAS, CACHE], ids=lambda event: event.name.replace(" ", "-")
)
def test_the_hour_in_which_something_happens_is_stored_call_for_call(event: Event, book: PriceBook) -> None:
    hour = int(event.begin)
    table = stored(export_requests(Traffic(BEGIN, 7).hour(hour)), book)
    columns = ["route", "request_model", "model", "outcome", "output_tokens", "cache_read_tokens", "format_valid"]
    rows = table.select(columns).to_pylist()
    for index, workload in enumerate(WORKLOADS):
        drawn = Drawing(workload, index, 7).hour(hour)
        endings = np.array([kind.ending.value for kind in drawn.kinds])[drawn.kind]
        mine = [row for row in rows if (row["route"], row["request_model"]) == (workload.route, workload.model.asked)]
        assert len(mine) == len(drawn.start_s)
        answered = np.isin(endings, [Ending.ANSWER, Ending.REFUSAL, Ending.TRUNCATED])
        assert sum(row["output_tokens"] or 0 for row in mine) == int(drawn.output[answered].sum())
        refused = sum(row["outcome"] in _OUTCOMES[Ending.REFUSAL] for row in mine)
        assert refused == int((endings == Ending.REFUSAL).sum())
        broken = np.array([kind.broken for kind in drawn.kinds])[drawn.kind]
        assert sum(row["format_valid"] is False for row in mine) == int(broken.sum())
        served = {kind.served for kind in drawn.kinds}
        assert {row["model"] for row in mine if row["output_tokens"]} <= served
        if workload.cached_prefix:
            whole = answered & (endings == Ending.ANSWER)
            assert sum(row["cache_read_tokens"] or 0 for row in mine) == int(drawn.cache_read[whole].sum())
            assert (drawn.start_s[whole] < (hour + 1) * HOUR_S + 300).all()
