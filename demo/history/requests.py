"""Drawn calls as OTLP export requests, as the applications' exporters would send them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from demo.history.dialects import DIALECTS, Ending
from demo.history.draw import Drawing, Drawn, Kind
from demo.history.spans import Filling, Head, SpanTemplate, export_request, sdk_attributes
from demo.history.workloads import WORKLOADS, Workload

_AT_ONCE = 512
"""Calls in one request: what a batch span processor exports at most."""
_ENVIRONMENT = "production"
_HOUR_SHIFT = np.uint64(32)


@dataclass(frozen=True, slots=True)
class SpanOfCall:
    """The spans of one call as they stand in an export request with ``head``."""

    end_s: float
    """When the call ended, seconds from the start of the history."""
    head: Head
    spans: bytes


class Traffic:
    """All workloads' calls, hour by hour. ``begin_s`` is the Unix time at which the history begins."""

    def __init__(self, begin_s: float, seed: int) -> None:
        self._begin_ns = round(begin_s * 1e9)
        self._drawings = [Drawing(workload, index, seed) for index, workload in enumerate(WORKLOADS)]
        self._templates: dict[tuple[int, Kind], SpanTemplate] = {}

    def hour(self, number: int) -> list[SpanOfCall]:
        """The calls that begin in hour ``number``, by when they end."""
        calls: list[SpanOfCall] = []
        for index, drawing in enumerate(self._drawings):
            calls += self._calls(index, number, drawing.hour(number))
        return sorted(calls, key=lambda call: call.end_s)

    def _calls(self, index: int, hour: int, drawn: Drawn) -> Iterator[SpanOfCall]:
        ends = drawn.start_s + drawn.duration_s
        starts_ns = self._begin_ns + np.rint(drawn.start_s * 1e9).astype(np.int64)
        numbers = np.arange(len(ends), dtype=np.uint64) + (np.uint64(hour * len(WORKLOADS) + index) << _HOUR_SHIFT)
        for code, kind in enumerate(drawn.kinds):
            rows = np.flatnonzero(drawn.kind == code)
            template = self._template(index, kind)
            filling = Filling(
                number=numbers[rows],
                start_ns=starts_ns[rows],
                end_ns=starts_ns[rows] + np.rint(drawn.duration_s[rows] * 1e9).astype(np.int64),
                first_s=drawn.first_s[rows],
                input=drawn.input[rows],
                output=drawn.output[rows],
                cache_read=drawn.cache_read[rows],
                cache_write=drawn.cache_write[rows],
            )
            for end, spans in zip(ends[rows].tolist(), template.fill(filling), strict=True):
                yield SpanOfCall(end, template.head, spans)

    def _template(self, index: int, kind: Kind) -> SpanTemplate:
        made = self._templates.get((index, kind))
        if made is None:
            made = self._templates[index, kind] = span_template(WORKLOADS[index], kind)
        return made


def span_template(workload: Workload, kind: Kind) -> SpanTemplate:
    """What calls of ``kind`` look like as ``workload``'s instrumentation writes them."""
    dialect = DIALECTS[workload.dialect]
    ending = kind.ending
    marked = ending is Ending.REFUSAL and not dialect.names_refusals
    words = dict.fromkeys(dialect.served, kind.served) | dict.fromkeys(dialect.asked, workload.model.asked)
    words |= {"127.0.0.1": workload.model.host, "answer-question": workload.route}
    resource = {
        "service.name": workload.service,
        "service.version": kind.version,
        "deployment.environment.name": _ENVIRONMENT,
    }
    extra: dict[str, str | bool] = {}
    if dialect.sdk:
        checked = workload.odds.broken > 0 and ending is Ending.ANSWER
        verdict = not kind.broken if checked else None
        extra = sdk_attributes(workload.route, kind.prompt_version, verdict, marked)
    capture = dialect.capture(Ending.ANSWER if marked else ending, words)
    return SpanTemplate(capture, resource, extra)


def export_requests(calls: list[SpanOfCall]) -> list[bytes]:
    """The requests of one period: each application sends its own, in the order in which calls ended."""
    by_head: dict[Head, list[bytes]] = {}
    for call in calls:
        by_head.setdefault(call.head, []).append(call.spans)
    return [
        export_request(head, spans[first : first + _AT_ONCE])
        for head, spans in by_head.items()
        for first in range(0, len(spans), _AT_ONCE)
    ]
