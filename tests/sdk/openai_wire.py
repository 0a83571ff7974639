"""What OpenAI's chat completions put on the wire, and the real clients that read it."""

import asyncio
from typing import Any

import openai

from tests.sdk.answers.wire import event_stream

JSON_ASKED = {"response_format": {"type": "json_object"}}
MESSAGES: Any = [{"role": "user", "content": "?"}]


def completion(text: str | None, finish: str = "stop", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": text, **message}
    choices = [{"index": 0, "finish_reason": finish, "message": said}]
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o", "choices": choices}


def chunks(*pieces: str, **delta: Any) -> str:
    deltas = [{"role": "assistant", **delta}, *({"content": piece} for piece in pieces)]
    ends = [None] * len(deltas) + ["stop"]
    events = [
        {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "gpt-4o",
            "choices": [{"index": 0, "delta": one, "finish_reason": end}],
        }
        for one, end in zip([*deltas, {}], ends, strict=True)
    ]
    return event_stream(events, done=True)


def chat(url: str, **given: Any) -> Any:
    with openai.OpenAI(api_key="k", base_url=url, max_retries=0) as client:
        answer: Any = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, **given)
        return list(answer) if given.get("stream") else answer


async def async_chat(url: str, **given: Any) -> Any:
    async with openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0) as client:
        answer: Any = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, **given)
        return [one async for one in answer] if given.get("stream") else answer


def chat_async(url: str, **given: Any) -> Any:
    return asyncio.run(async_chat(url, **given))
