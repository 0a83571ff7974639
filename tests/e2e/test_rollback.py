"""A migration whose candidate breaks, from spans to weights: a real ``up``, the OpenTelemetry SDK, its evaluator."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, Tracer

from tests.e2e.exporters import over_http
from tests.fixtures.service import Service, running_up, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.clickhouse]

ROUTE = "checkout"


@contextmanager
def application(url: str) -> Iterator[Tracer]:
    """What an application records its calls with; each is sent when it ends."""
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    provider.add_span_processor(SimpleSpanProcessor(over_http(url)))
    yield provider.get_tracer("opentelemetry.instrumentation.genai.openai")
    provider.shutdown()


def call(tracer: Tracer, model: str, count: int, *, failing: bool = False) -> None:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "watchkeeper.route": ROUTE,
    }
    for _ in range(count):
        with tracer.start_as_current_span(f"chat {model}", kind=SpanKind.CLIENT, attributes=attributes) as span:
            if failing:
                span.set_attribute("error.type", "server_error")
                span.set_status(StatusCode.ERROR)


def post(up: Service, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{up.api}{path}", json=body, timeout=20, trust_env=False)
    assert answer.is_success, answer.text
    made: dict[str, Any] = answer.json()
    return made


def shares(up: Service) -> dict[str, int]:
    return {one["model"]: one["weight"] for one in up.get(f"/v1/routes/{ROUTE}")["targets"]}


def test_failing_calls_of_the_candidate_bring_the_old_weights_back_and_nothing_flaps(tmp_path: Path) -> None:
    with running_up(tmp_path) as up, application(up.otlp_http) as tracer:
        call(tracer, "gpt-4o", 60)
        wait_until(lambda: up.calls() >= 60, up.part, "the baseline's calls")
        candidate = {"provider": "openai", "model": "gpt-4o-mini"}
        made = post(
            up, "/v1/migrations", {"route": ROUTE, "candidate": candidate, "begin_with": "canary_5", "reason": "r"}
        )
        post(up, f"/v1/migrations/{made['id']}/promote", {"reason": "r"})
        assert shares(up) == {"gpt-4o": 75, "gpt-4o-mini": 25}
        call(tracer, "gpt-4o", 60)
        call(tracer, "gpt-4o-mini", 20, failing=True)
        wait_until(lambda: shares(up) == {"gpt-4o": 100}, up.part, "the old weights")
        call(tracer, "gpt-4o", 20, failing=True)
        call(tracer, "gpt-4o-mini", 20)
        wait_until(lambda: up.calls() >= 180, up.part, "the later calls")
        found = up.get(f"/v1/migrations/{made['id']}")
        assert [one["step"] for one in found["decisions"]] == ["start", "promote", "roll_back"]
        assert found["decisions"][-1]["decided_by"] == "watchkeeper"
        assert found["decisions"][-1]["facts"]["minutes.candidate.errors"] >= 5
        assert shares(up) == {"gpt-4o": 100}
        assert up.end() == 0
