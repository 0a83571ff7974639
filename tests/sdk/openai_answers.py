"""An answer of OpenAI's chat completions, whole and in chunks; its text is not to be found anywhere."""

from typing import Any

from openai.types.chat import ChatCompletionChunk

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-2024-08-06",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "the secret"}}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 4, "total_tokens": 15},
}


def chunk(text: str | None = None, finish: str | None = None, usage: Any = None) -> ChatCompletionChunk:
    choices = [{"index": 0, "delta": {"content": text}, "finish_reason": finish}] if usage is None else []
    given = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06"}
    return ChatCompletionChunk.model_validate({**given, "choices": choices, "usage": usage})


CHUNKS = [
    chunk(""),
    chunk("se"),
    chunk("cret"),
    chunk(finish="stop"),
    chunk(usage={"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}),
]
