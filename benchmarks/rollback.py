"""How soon are a route's weights back? A running ``up``, real calls, an error spike: ``python -m benchmarks.rollback``.

A migration is brought to 25 %. Calls follow the weights of ``GET /v1/routes/{route}``, as a router would, until every
call of the candidate fails. The clock runs from the moment at which the calls that were acknowledged meet the
trigger's condition, computed here, to the answer of the API that names the old weights. For a while after that the
route is watched: the weights must not change again.
"""

import argparse
import json
import random
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from api.migrating.triggers import Limits, Seen, fired
from benchmarks.uprun import OtlpConnection, Up, serving_up
from benchmarks.verdict import Verdict, conclude
from watchkeeper.storage.route_arms import RouteArm

_ROUTE, _OLD, _NEW = "checkout", "gpt-4o", "gpt-4o-mini"
_LIMIT_S = 10.0
_STEP_S = 0.5
_PATIENCE_S = 120.0


@dataclass(slots=True)
class Router:
    """Sends calls as the weights say, and knows what it sent: model → (when, failed)."""

    up: Up
    per_s: float
    rng: random.Random
    sent: dict[str, list[tuple[float, bool]]] = field(default_factory=lambda: {_OLD: [], _NEW: []})

    def weights(self) -> dict[str, int]:
        """Percent by model."""
        answer = ask(self.up, "GET", f"/v1/routes/{_ROUTE}")
        return {one["model"]: one["weight"] for one in answer["targets"]}

    def send(self, connection: OtlpConnection, shares: dict[str, int], failing: float, begin: float) -> None:
        """Half a second's calls from ``begin`` on (Unix seconds); of the new model so many fail."""
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        resource.resource.attributes.append(_pair("service.name", "shop"))
        scope = resource.scope_spans.add()
        scope.scope.name = "opentelemetry.instrumentation.genai.openai"
        made = []
        for _ in range(round(self.per_s * _STEP_S)):
            model = self.rng.choices(list(shares), list(shares.values()))[0]
            failed = model == _NEW and self.rng.random() < failing
            at = begin + self.rng.random() * _STEP_S
            scope.spans.append(self._span(model, failed, at))
            made.append((model, at, failed))
        if connection.post(request.SerializeToString()) != 200:
            raise RuntimeError("a request was not taken")
        for model, at, failed in made:
            self.sent[model].append((at, failed))

    def met(self, now: float) -> bool:
        """Do the calls that were acknowledged meet the condition to go back?"""
        old, new = (self._arm(model, now) for model in (_OLD, _NEW))
        return any(one.action == "roll_back" for one in fired(Seen("", old, new), Limits()))

    def _arm(self, model: str, now: float) -> RouteArm:
        lately = [failed for at, failed in self.sent[model] if at > now - Limits().window_s]
        return RouteArm(calls=len(lately), errors=sum(lately))

    def _span(self, model: str, failed: bool, at: float) -> Span:
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": model,
            "watchkeeper.route": _ROUTE,
        }
        attributes |= {"error.type": "server_error"} if failed else {"gen_ai.response.model": model}
        return Span(
            trace_id=self.rng.randbytes(16),
            span_id=self.rng.randbytes(8),
            name=f"chat {model}",
            kind=Span.SPAN_KIND_CLIENT,
            start_time_unix_nano=int(at * 1e9),
            end_time_unix_nano=int((at + 0.05) * 1e9),
            attributes=[_pair(name, value) for name, value in attributes.items()],
            status=Status(code=Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_UNSET),
        )


def _pair(name: str, value: str) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=value))


def ask(up: Up, method: str, path: str, body: Any = None) -> Any:
    """The JSON answer of the API."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{up.api}{path}", data, method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def migrate(router: Router, connection: OtlpConnection) -> str:
    """A migration in its 25 % phase; returns its id."""
    for step in range(20, 0, -1):
        router.send(connection, {_OLD: 100}, 0.0, time.time() - step * _STEP_S - 1)
    body = {
        "route": _ROUTE,
        "candidate": {"provider": "openai", "model": _NEW},
        "begin_with": "canary_5",
        "reason": "r",
    }
    made = ask(router.up, "POST", "/v1/migrations", body)
    ask(router.up, "POST", f"/v1/migrations/{made['id']}/promote", {"reason": "for the measurement"})
    return str(made["id"])


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds from the begin of the spike, and from the condition, to the old weights."""

    from_spike_s: float
    from_condition_s: float
    steps: list[str]


def measure(up: Up, per_s: float, seed: int, watched_s: float) -> Measured:
    """One spike."""
    router, connection = Router(up, per_s, random.Random(seed)), OtlpConnection(up.http)
    migration = migrate(router, connection)
    spike, met, back = time.time() + 20.0, 0.0, 0.0
    while time.time() < (back + watched_s if back else spike + _PATIENCE_S):
        begun, shares = time.time(), router.weights()
        if begun > spike and not back and _NEW not in shares:
            back = begun
        router.send(connection, shares, 1.0 if begun > spike else 0.0, begun - _STEP_S - 0.06)
        met = met or (time.time() if router.met(time.time()) else 0.0)
        time.sleep(max(0.0, _STEP_S - (time.time() - begun)))
    connection.close()
    if not back or not met:
        raise RuntimeError("the weights did not come back")
    answer = ask(up, "GET", f"/v1/migrations/{migration}?outlook=false")
    return Measured(back - spike, back - met, [one["step"] for one in answer["decisions"]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--per-s", type=float, default=10.0, help="calls of the route")
    parser.add_argument("--watched", type=float, default=30.0, help="seconds after the rollback")
    options = parser.parse_args()
    found = []
    for seed in range(options.rounds):
        with tempfile.TemporaryDirectory() as name, serving_up(Path(name)) as up:
            found.append(measure(up, options.per_s, seed, options.watched))
            print(found[-1], flush=True)
    slowest = max(one.from_condition_s for one in found)
    steady = all(one.steps == ["start", "promote", "roll_back"] for one in found)
    conclude(
        Verdict(
            "rollback",
            f"old weights at most {_LIMIT_S:.0f} s after the trigger's condition, and nothing flaps",
            f"{slowest:.1f} s, {max(one.from_spike_s for one in found):.1f} s after the spike began; "
            f"{'steady' if steady else 'not steady'} in {len(found)} rounds",
            holds=slowest <= _LIMIT_S and steady,
        )
    )


if __name__ == "__main__":
    main()
