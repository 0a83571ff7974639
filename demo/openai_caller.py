"""Calls of an application that uses the ``openai`` client."""

from typing import Any

import openai

from demo.applications import Application, PlannedCall
from demo.caller import CLIENT_TIMEOUT_S, MAX_TOKENS, VERDICT_SCHEMA, prompt
from demo.draw import Api


class OpenAICaller:
    """Chat Completions, Responses and Embeddings through the ``openai`` client."""

    def __init__(self, application: Application, provider: str) -> None:
        self._name = application.name
        self._client = openai.AsyncOpenAI(
            api_key=f"sk-demo-{application.name}",
            base_url=f"{provider}/v1",
            timeout=CLIENT_TIMEOUT_S,
            max_retries=0,
        )
        retries = {workload.max_retries for workload in application.workloads}
        self._by_retries = {most: self._client.with_options(max_retries=most) for most in retries}

    async def call(self, planned: PlannedCall) -> None:
        calls = {Api.CHAT: self._chat, Api.RESPONSES: self._respond, Api.EMBEDDINGS: self._embed}
        client = self._by_retries[planned.workload.max_retries]
        try:
            await calls[planned.workload.api](client, planned)
        except openai.APIError:
            return

    async def close(self) -> None:
        await self._client.close()

    async def _chat(self, client: openai.AsyncOpenAI, planned: PlannedCall) -> None:
        answer: Any = await client.chat.completions.create(**self._chat_request(planned))
        if planned.workload.stream:
            async for _ in answer:
                pass

    def _chat_request(self, planned: PlannedCall) -> dict[str, Any]:
        workload = planned.workload
        request: dict[str, Any] = {
            "model": workload.model,
            "messages": [{"role": "user", "content": prompt(self._name, planned)}],
            "temperature": 0.2,
            "max_tokens": MAX_TOKENS,
        }
        if workload.stream:
            request["stream"] = True
        if workload.stream and workload.include_usage:
            request["stream_options"] = {"include_usage": True}
        if workload.wants_json:
            request["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "verdict", "strict": True, "schema": VERDICT_SCHEMA},
            }
        if workload.tool:
            function = {"name": workload.tool, "parameters": VERDICT_SCHEMA}
            request["tools"] = [{"type": "function", "function": function}]
        return request

    async def _respond(self, client: openai.AsyncOpenAI, planned: PlannedCall) -> None:
        await client.responses.create(
            model=planned.workload.model, input=prompt(self._name, planned), max_output_tokens=MAX_TOKENS
        )

    async def _embed(self, client: openai.AsyncOpenAI, planned: PlannedCall) -> None:
        await client.embeddings.create(model=planned.workload.model, input=prompt(self._name, planned))
