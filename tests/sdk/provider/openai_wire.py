"""Chat Completions and Embeddings, in the words of the demo's provider."""

from collections.abc import Iterator
from typing import Any

from demo import openai_wire as demo_wire
from demo.draw import Api as DemoApi
from demo.draw import Ask, Reply
from demo.draw import Tokens as DemoTokens
from demo.profiles import Ending, ModelProfile
from tests.sdk.provider.scenario import Api, Scenario, Seen

Body = dict[str, Any]

_ENDINGS = {
    Scenario.REFUSAL: Ending.REFUSAL,
    Scenario.FILTERED: Ending.CONTENT_FILTER,
    Scenario.TRUNCATED: Ending.TRUNCATED,
    Scenario.RATE_LIMITED: Ending.RATE_LIMITED,
    Scenario.SERVER_ERROR: Ending.SERVER_ERROR,
}


def answer(seen: Seen) -> Body:
    """The JSON body of an answer."""
    return demo_wire.answer(*parts(seen))


def events(seen: Seen) -> Iterator[Body | None]:
    """A stream's chunks; null is the pause before the first content."""
    role, *rest = demo_wire.events(*parts(seen))
    yield role
    yield None
    yield from rest


def error(seen: Seen) -> tuple[int, Body]:
    """HTTP status and body of a failure."""
    _, _, reply = parts(seen)
    return (429 if seen.scenario is Scenario.RATE_LIMITED else 500), demo_wire.error(reply)


def parts(seen: Seen) -> tuple[ModelProfile, Ask, Reply]:
    """The call as the demo's builders take it."""
    profile = ModelProfile(seen.requested_model, seen.served_model, fingerprint=f"fp_{seen.number:x}")
    api = DemoApi.EMBEDDINGS if seen.api is Api.EMBEDDINGS else DemoApi(seen.api)
    ask = Ask(api, "", seen.requested_model, "", stream=seen.streamed, include_usage=seen.include_usage, tool=seen.tool)
    tokens = DemoTokens(seen.tokens.input, seen.tokens.cache_read, seen.tokens.output, seen.tokens.reasoning)
    ending = _ENDINGS.get(seen.scenario, Ending.ANSWER)
    return profile, ask, Reply(ending, seen.id, seen.text, tokens, 0.0, 0.0, seen.calls_tool)
