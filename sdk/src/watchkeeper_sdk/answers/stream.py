"""The answer that a stream's chunks add up to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from watchkeeper_sdk._safety import is_strict, swallowed
from watchkeeper_sdk.answers import bedrock_converse, bedrock_invoke, cohere_chat, gemini, langchain
from watchkeeper_sdk.answers.answer import Answer
from watchkeeper_sdk.answers.anthropic_messages import MessageStream, is_message_event
from watchkeeper_sdk.answers.fields import TextBuffer, get
from watchkeeper_sdk.answers.openai_chat import ChatStream, is_chat
from watchkeeper_sdk.answers.openai_responses import ResponsesStream
from watchkeeper_sdk.answers.recognise import PACKAGES, package_of

_MOST_GUESSES = 16
"""Chunks that are looked at to find out what stream this is."""


def _fail(place: str, error: Exception) -> None:
    if is_strict():
        raise error
    swallowed(place, error)


class StreamReader(Protocol):
    """Accumulates the chunks of one provider's stream."""

    def add(self, chunk: object) -> bool:
        """Take in one chunk; does it carry content?"""

    def answer(self) -> Answer:
        """The answer so far."""


class AnswerStream:
    """Accumulates the chunks of any known stream; what kind it is, the first chunk decides.

    Holds at most 1 MB of text: the text of a longer answer is ``None``. Never raises.
    """

    __slots__ = ("_guesses", "_reader")

    def __init__(self) -> None:
        self._reader: StreamReader | None = None
        self._guesses = 0

    def add(self, chunk: object) -> bool:
        """Take in one chunk; does it carry content: text, a refusal, a tool call or reasoning?

        Of a stream of no known kind, every chunk is taken for content.
        """
        reader = self._reader
        try:
            if reader is None:
                reader = self._choose(chunk)
                if reader is None:
                    return chunk is not None
            return reader.add(chunk)
        except Exception as error:  # noqa: BLE001  on the application's thread, in the middle of its stream
            _fail("AnswerStream.add", error)
            return False

    def answer(self) -> Answer | None:
        """The answer so far; ``None`` while no chunk of a known kind came."""
        try:
            return None if self._reader is None else self._reader.answer()
        except Exception as error:  # noqa: BLE001  see above
            _fail("AnswerStream.answer", error)
            return None

    def _choose(self, chunk: object) -> StreamReader | None:
        if self._guesses >= _MOST_GUESSES:
            return None
        self._guesses += 1
        provider = PACKAGES.get(package_of(type(chunk)), "")
        make = next((make for fits, make in _KINDS if fits(chunk)), None)
        self._reader = None if make is None else make(provider)
        return self._reader


class _Texts:
    """A stream of plain strings, such as the text stream of a client's helper."""

    __slots__ = ("_provider", "_text")

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._text = TextBuffer()

    def add(self, chunk: object) -> bool:
        if isinstance(chunk, str) and chunk:
            self._text.add(chunk)
            return True
        return False

    def answer(self) -> Answer:
        return Answer(provider=self._provider, text=self._text.text())


class _Wrapped:
    """Chat chunks inside events: in ``data`` (Mistral) or ``chunk`` (the stream helper of OpenAI's client)."""

    __slots__ = ("_field", "_inner")

    def __init__(self, field: str, provider: str) -> None:
        self._field = field
        self._inner = ChatStream(provider)

    def add(self, chunk: object) -> bool:
        inner = get(chunk, self._field)
        return inner is not None and self._inner.add(inner)

    def answer(self) -> Answer:
        return self._inner.answer()


def _is_text(chunk: object) -> bool:
    return isinstance(chunk, str)


def _is_responses_event(chunk: object) -> bool:
    kind = get(chunk, "type")
    return isinstance(kind, str) and kind.startswith("response.")


def _is_wrapped_by(field: str) -> Callable[[object], bool]:
    return lambda chunk: is_chat(get(chunk, field))


_KINDS: tuple[tuple[Callable[[object], bool], Callable[[str], StreamReader]], ...] = (
    (_is_text, _Texts),
    (is_chat, ChatStream),
    (is_message_event, MessageStream),
    (_is_responses_event, ResponsesStream),
    (_is_wrapped_by("data"), lambda provider: _Wrapped("data", provider)),
    (_is_wrapped_by("chunk"), lambda provider: _Wrapped("chunk", provider)),
    (cohere_chat.is_cohere_event, cohere_chat.CohereStream),
    (langchain.is_ai_message, langchain.AIMessageStream),
    (bedrock_converse.is_converse_event, bedrock_converse.ConverseStream),
    (bedrock_invoke.is_invoke_event, bedrock_invoke.InvokeStream),
    (gemini.is_generated, gemini.GeminiStream),
)
