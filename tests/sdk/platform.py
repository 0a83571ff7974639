"""What the platform makes of the spans that the SDK would send."""

from collections.abc import Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

from collector.stage import Staged
from tests.collector.otlp import read, stage
from watchkeeper_sdk.testing import Calls


def staged(spans: Sequence[ReadableSpan]) -> Staged:
    """Read as if they had come in one export request."""
    return read(stage(), encode_spans(spans).SerializeToString())


def rows(calls: Calls) -> list[dict[str, Any]]:
    """The calls that would be stored; nothing may be unreadable."""
    found = staged([call.span for call in calls])
    assert not found.bad
    return list(found.calls.to_pylist())
