"""Whose answer is this? Decided by shape, and by the package the class comes from; no vendor library is imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from watchkeeper_sdk._safety import guarded
from watchkeeper_sdk.answers import (
    anthropic_messages,
    bedrock_converse,
    bedrock_invoke,
    cohere_chat,
    gemini,
    langchain,
    openai_chat,
    openai_responses,
)
from watchkeeper_sdk.answers.answer import Answer

Reader = Callable[[object, str], Answer]
"""``read(source, provider)``; the provider is empty where only the shape can tell."""

PACKAGES: Final = {
    "anthropic": "anthropic",
    "azure": "azure.ai.inference",
    "cohere": "cohere",
    "google": "gcp.gemini",
    "groq": "groq",
    "langchain_core": "",
    "litellm": "",
    "mistralai": "mistral_ai",
    "openai": "openai",
    "together": "together_ai",
    "vertexai": "gcp.vertex_ai",
}
"""Client libraries and the provider their objects speak for; empty: a framework that talks to many."""

_SHAPES: tuple[tuple[Callable[[object], bool], Reader], ...] = (
    (bedrock_invoke.is_invoked, bedrock_invoke.read_invoked),
    (openai_chat.is_chat, openai_chat.read_chat),
    (anthropic_messages.is_message, anthropic_messages.read_message),
    (openai_responses.is_response, openai_responses.read_response),
    (langchain.is_ai_message, langchain.read_ai_message),
    (gemini.is_generated, gemini.read_generated),
    (bedrock_converse.is_converse, bedrock_converse.read_converse),
    (openai_chat.is_embeddings, openai_chat.read_embeddings),
    (cohere_chat.is_cohere, cohere_chat.read_cohere),
    (gemini.is_embedded, gemini.read_embedded),
    (bedrock_invoke.is_body, bedrock_invoke.read_body),
)

_MOST_TYPES = 512
_known_types: dict[type, tuple[Reader, str]] = {}
"""Readers of the client libraries' own classes, whose shape does not change from object to object."""


@guarded
def read_answer(obj: object) -> Answer | None:
    """Read the response object of a provider's client, or its dict form; ``None`` for anything else.

    Never raises, never reads a body or a stream, keeps nothing of ``obj`` but a reference to its text.
    """
    kind = type(obj)
    known = _known_types.get(kind)
    if known is not None:
        reader, provider = known
        return reader(obj, provider)
    reading = _reader_of(obj)
    if reading is None:
        return None
    package = package_of(kind)
    if package:
        _remember(kind, reading, PACKAGES[package])
    return reading(obj, PACKAGES.get(package, ""))


def package_of(kind: type) -> str:
    """The client library ``kind`` or its nearest known base comes from; empty for a class of nobody we know."""
    for base in kind.__mro__:
        package = getattr(base, "__module__", None)
        root = package.partition(".")[0] if isinstance(package, str) else ""
        if root in PACKAGES:
            return root
    return ""


def _reader_of(obj: object) -> Reader | None:
    if obj is None or isinstance(obj, (str, bytes, int, float, list, tuple)):
        return None
    return next((reader for fits, reader in _SHAPES if fits(obj)), None)


def _remember(kind: type, reader: Reader, provider: str) -> None:
    if len(_known_types) >= _MOST_TYPES:
        _known_types.clear()
    _known_types[kind] = (reader, provider)
