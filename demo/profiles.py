"""How each mock model behaves: speed, token counts and the odds of every kind of ending."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Ending(StrEnum):
    """What the provider does with one request."""

    ANSWER = "answer"
    REFUSAL = "refusal"
    """The API's own refusal field (OpenAI) or stop reason (Anthropic)."""
    WORDED_REFUSAL = "worded_refusal"
    """An ordinary answer whose words decline: only its text shows it."""
    CONTENT_FILTER = "content_filter"
    TRUNCATED = "truncated"
    BROKEN_JSON = "broken_json"
    """Drawn only where JSON was asked for; elsewhere it becomes an answer."""
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    SLOW = "slow"
    """Answers after :attr:`ModelProfile.slow_s`, which is longer than a client should wait."""


Odds = Mapping[Ending, float]

USUAL_ODDS: Odds = MappingProxyType(
    {
        Ending.RATE_LIMITED: 0.02,
        Ending.SERVER_ERROR: 0.012,
        Ending.SLOW: 0.006,
        Ending.TRUNCATED: 0.02,
        Ending.REFUSAL: 0.015,
        Ending.WORDED_REFUSAL: 0.01,
        Ending.CONTENT_FILTER: 0.008,
        Ending.BROKEN_JSON: 0.03,
    }
)
"""Probability of each ending; what is left over is :attr:`Ending.ANSWER`."""


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """Knobs of one model. Times are scaled down about tenfold, so that minutes of traffic fit in seconds."""

    name: str
    served_as: str = ""
    """Dated name in the answer; empty: the name asked for."""
    ttft_ms: float = 60.0
    """Median time to the first token."""
    sigma: float = 0.35
    """Spread of the log-normal latency."""
    ms_per_token: float = 0.6
    input_tokens: int = 700
    """Median."""
    output_tokens: int = 90
    """Median, reasoning excluded."""
    cached_share: float = 0.35
    """Share of the requests whose prompt prefix was in the provider's cache."""
    reasoning_tokens: int = 0
    """Median; 0: the model does not reason."""
    service_tier: str = "default"
    fingerprint: str = ""
    odds: Odds = field(default_factory=lambda: USUAL_ODDS)
    retry_after_ms: int = 40
    slow_s: float = 10.0

    @property
    def served(self) -> str:
        return self.served_as or self.name


_CLAUDE = "standard"
_ALL = (
    ModelProfile("gpt-4o-mini", "gpt-4o-mini-2024-07-18", fingerprint="fp_8d3c"),
    ModelProfile("gpt-4.1", "gpt-4.1-2025-04-14", 95, ms_per_token=1.1, input_tokens=1400, fingerprint="fp_51"),
    ModelProfile("gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", 70, ms_per_token=0.7, fingerprint="fp_0b7a"),
    ModelProfile("gpt-5-mini", "gpt-5-mini-2025-08-07", 120, ms_per_token=0.5, reasoning_tokens=160),
    ModelProfile("text-embedding-3-small", ttft_ms=28, input_tokens=350, cached_share=0.0),
    ModelProfile("house-summariser-v2", ttft_ms=45, ms_per_token=0.4, cached_share=0.0),
    ModelProfile("claude-sonnet-4-6", ttft_ms=110, ms_per_token=0.9, service_tier=_CLAUDE),
    ModelProfile("claude-haiku-4-5", "claude-haiku-4-5-20251001", 55, ms_per_token=0.4, service_tier=_CLAUDE),
)

PROFILES: Mapping[str, ModelProfile] = MappingProxyType({profile.name: profile for profile in _ALL})
"""By requested model."""
