"""What the SDK keeps of a provider's answer: facts, and the text for checks inside the process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from watchkeeper_sdk import semconv

RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_ID: Final = "gen_ai.response.id"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS: Final = "gen_ai.usage.cache_write.input_tokens"
REASONING_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"
SYSTEM_FINGERPRINT: Final = "openai.response.system_fingerprint"

_OPENAI_TIER: Final = "openai.response.service_tier"
_OTHER_TIER: Final = "gen_ai.response.service_tier"
_TIERS: Final = {
    "anthropic": "anthropic.response.service_tier",
    "aws.bedrock": _OTHER_TIER,
    "gcp.gemini": _OTHER_TIER,
    "gcp.vertex_ai": _OTHER_TIER,
    "mistral_ai": _OTHER_TIER,
}
"""Providers whose tier is not written as OpenAI's. The conventions name the attribute for OpenAI alone."""


@dataclass(slots=True)
class Answer:
    """One answer. Counts are ``None`` where the provider did not tell; an absent count is never 0."""

    provider: str = ""
    """A ``gen_ai.provider.name`` value; empty: the object does not tell."""
    model: str = ""
    """The model that answered."""
    response_id: str = ""
    finish_reasons: tuple[str, ...] = ()
    """One a choice, in the provider's own words; names of enum members in lower case."""
    input_tokens: int | None = None
    """All input, tokens read from and written to a cache included."""
    output_tokens: int | None = None
    """All output, reasoning included."""
    cache_read_tokens: int | None = None
    """Part of ``input_tokens``."""
    cache_write_tokens: int | None = None
    """Part of ``input_tokens``."""
    reasoning_tokens: int | None = None
    """Part of ``output_tokens``."""
    service_tier: str = ""
    system_fingerprint: str = ""
    refused: bool = False
    """The provider itself marks the answer as a refusal."""
    text: str | None = field(default=None, repr=False)
    """Text of the first choice, for checks in this process. It is never exported."""
    called_tool: bool = False

    def attributes(self) -> dict[str, str | int | bool | tuple[str, ...]]:
        """The known facts under OpenTelemetry's newest GenAI names; never the text."""
        facts: dict[str, str | int | tuple[str, ...] | None] = {
            RESPONSE_MODEL: self.model,
            RESPONSE_ID: self.response_id,
            FINISH_REASONS: self.finish_reasons,
            _TIERS.get(self.provider, _OPENAI_TIER): self.service_tier,
            SYSTEM_FINGERPRINT: self.system_fingerprint,
        }
        known: dict[str, str | int | bool | tuple[str, ...]] = {key: fact for key, fact in facts.items() if fact}
        for key, count in self._counts():
            if count is not None:
                known[key] = count
        if self.refused:
            known[semconv.REFUSED] = True
        return known

    def _counts(self) -> tuple[tuple[str, int | None], ...]:
        return (
            (INPUT_TOKENS, self.input_tokens),
            (OUTPUT_TOKENS, self.output_tokens),
            (CACHE_READ_TOKENS, self.cache_read_tokens),
            (CACHE_WRITE_TOKENS, self.cache_write_tokens),
            (REASONING_TOKENS, self.reasoning_tokens),
        )
