"""What a team does once it knows: acknowledge, compare, migrate, set a budget, be told. All through the API."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from demo.backend import Backend
from demo.history.workloads import GPT_5_4, GPT_5_4_MINI, Model
from demo.story.chat import RULES, Chat
from demo.story.told import Finding, Told

_ROUTE = "summarise-week"
_PATIENCE_S = 60.0
_UNREADABLE = b"\x0a\xff these bytes are no export request"


@dataclass(frozen=True, slots=True)
class Team:
    """Speaks to the demo's Watchkeeper. Methods raise :class:`httpx.HTTPError` where it does not answer well."""

    client: httpx.Client
    backend: Backend

    def act(self, told: Told, chat: Chat) -> Iterator[str]:
        """Do everything, a sentence each."""
        yield from self._look_after(told.findings)
        yield self._compare()
        yield self._migrate()
        yield self._limit()
        yield self._send_rubbish()
        yield self._be_told(chat)

    def _look_after(self, findings: tuple[Finding, ...]) -> Iterator[str]:
        slower = [one for one in findings if one.metric == "latency" and one.state not in ("closed", "accepted")]
        for one in slower[:1]:
            words = {"comment": "asked the provider; the release notes say nothing"}
            self._post(f"/v1/regressions/{one.id}/acknowledge", words)
            yield f"acknowledged: {one.metric} of {one.request_model}"

    def _compare(self) -> str:
        request = {"baseline": _calls(GPT_5_4), "candidate": _calls(GPT_5_4_MINI)}
        self._put(f"/v1/comparisons/{_ROUTE}", {"every": "day", "request": request})
        self._post(f"/v1/comparisons/{_ROUTE}/run", {})
        return f"compared every day from now on: {GPT_5_4.asked} and {GPT_5_4_MINI.asked} on {_ROUTE}"

    def _migrate(self) -> str:
        candidate = {"provider": GPT_5_4_MINI.provider, "model": GPT_5_4_MINI.asked}
        body = {"route": _ROUTE, "candidate": candidate, "begin_with": "canary_5", "reason": "as advised"}
        self._post("/v1/migrations", body)
        return f"migration begun: 5% of {_ROUTE} to {GPT_5_4_MINI.asked}; it rolls back by itself"

    def _limit(self) -> str:
        self._put("/v1/budgets/contracts", {"limit_usd": "1000", "scope": {"service": ["contracts"]}})
        return "budget set: $1,000 a month for contracts"

    def _send_rubbish(self) -> str:
        headers = {"Content-Type": "application/x-protobuf"}
        answer = self.client.post(f"{self.backend.otlp}/v1/traces", content=_UNREADABLE, headers=headers)
        return f"an exporter sent bytes that nobody can read: refused ({answer.status_code}), kept as a dead letter"

    def _be_told(self, chat: Chat) -> str:
        self._put("/v1/alerts/rules", RULES)
        title = chat.first(_PATIENCE_S)
        return f"the chat got: {title}" if title else "the chat got nothing"

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self.client.post(self.backend.api + path, json=body).raise_for_status()

    def _put(self, path: str, body: dict[str, Any]) -> None:
        self.client.put(self.backend.api + path, json=body).raise_for_status()


def _calls(model: Model) -> dict[str, Any]:
    return {"period": "7d", "where": {"route": [_ROUTE], "request_model": [model.asked]}}
