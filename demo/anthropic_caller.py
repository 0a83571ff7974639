"""Calls of an application that uses the ``anthropic`` client."""

from typing import Any

import anthropic

from demo.applications import Application, PlannedCall
from demo.caller import CLIENT_TIMEOUT_S, MAX_TOKENS, VERDICT_SCHEMA, prompt


class AnthropicCaller:
    """Messages through the ``anthropic`` client."""

    def __init__(self, application: Application, provider: str) -> None:
        self._name = application.name
        self._client = anthropic.AsyncAnthropic(
            api_key=f"sk-demo-{application.name}",
            base_url=f"{provider}/anthropic",
            timeout=CLIENT_TIMEOUT_S,
            max_retries=0,
        )

    async def call(self, planned: PlannedCall) -> None:
        try:
            answer: Any = await self._client.messages.create(**self._request(planned))
            if planned.workload.stream:
                async for _ in answer:
                    pass
        except anthropic.APIError:
            return

    async def close(self) -> None:
        await self._client.close()

    def _request(self, planned: PlannedCall) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": planned.workload.model,
            "max_tokens": MAX_TOKENS,
            "messages": [{"role": "user", "content": prompt(self._name, planned)}],
        }
        if planned.workload.stream:
            request["stream"] = True
        if planned.workload.wants_json:
            request["output_config"] = {"format": {"type": "json_schema", "schema": VERDICT_SCHEMA}}
        return request
