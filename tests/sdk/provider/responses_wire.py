"""OpenAI's Responses: the demo's answer with the items it lacks, and its events as a stream."""

from collections.abc import Iterator
from typing import Any

from demo import openai_wire as demo_wire
from tests.sdk.provider.openai_wire import Body, error, parts
from tests.sdk.provider.scenario import Scenario, Seen

__all__ = ["answer", "error", "events"]


def answer(seen: Seen) -> Body:
    """The JSON body of an answer."""
    body = demo_wire.answer(*parts(seen))
    if seen.calls_tool:
        body["output"] = [_tool_call(seen)]
    if seen.scenario is Scenario.REASONING:
        body["output"].insert(0, {"type": "reasoning", "id": f"rs_{seen.id}", "summary": []})
    return body


def events(seen: Seen) -> Iterator[Body | None]:
    """A stream's events; null is the pause before the first content."""
    for number, event in enumerate(_events(answer(seen), seen)):
        yield event | {"sequence_number": number} if event is not None else None


def _events(whole: Body, seen: Seen) -> Iterator[Body | None]:
    begun = whole | {"status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    yield None
    for at, item in enumerate(whole["output"]):
        yield {"type": "response.output_item.added", "output_index": at, "item": _begun(item)}
        yield from _parts(item, at, seen)
        yield {"type": "response.output_item.done", "output_index": at, "item": item}
    ended = "response.completed" if whole["status"] == "completed" else "response.incomplete"
    yield {"type": ended, "response": whole}


def _begun(item: Body) -> Body:
    hollow: Body = {"content": []} if item["type"] == "message" else {}
    if item["type"] == "function_call":
        hollow = {"arguments": ""}
    return item | hollow | ({"status": "in_progress"} if "status" in item else {})


def _parts(item: Body, at: int, seen: Seen) -> Iterator[Body]:
    place: Body = {"item_id": item["id"], "output_index": at}
    if item["type"] == "function_call":
        name = "response.function_call_arguments"
        yield place | {"type": f"{name}.delta", "delta": item["arguments"]}
        yield place | {"type": f"{name}.done", "arguments": item["arguments"], "name": item["name"]}
    if item["type"] == "message":
        yield from _message_parts(item["content"][0], place | {"content_index": 0}, seen)


def _message_parts(part: Body, place: Body, seen: Seen) -> Iterator[Body]:
    field = "refusal" if part["type"] == "refusal" else "text"
    name = "response.refusal" if field == "refusal" else "response.output_text"
    extra: dict[str, Any] = {} if field == "refusal" else {"logprobs": []}
    yield place | {"type": "response.content_part.added", "part": part | {field: ""}}
    for piece in seen.pieces:
        yield place | {"type": f"{name}.delta", "delta": piece} | extra
    yield place | {"type": f"{name}.done", field: part[field]} | extra
    yield place | {"type": "response.content_part.done", "part": part}


def _tool_call(seen: Seen) -> Body:
    call = {"type": "function_call", "id": f"fc_{seen.id}", "call_id": f"call_{seen.id}", "status": "completed"}
    return call | {"name": seen.tool, "arguments": seen.tool_arguments}
