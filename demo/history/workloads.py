"""Who calls which model for what: six routes of five applications over five models, at their usual.

Each line is one series: a route's calls to one model, seen by the instrumentation that its application uses.
"""

from dataclasses import dataclass

HOURS = 14 * 24
"""Length of the history."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it is asked for and as it answers. Times are those of a short prompt at average load."""

    provider: str
    asked: str
    served: str
    host: str
    first_s: float
    """Median time to the first token."""
    token_s: float
    """Median time an output token."""


@dataclass(frozen=True, slots=True)
class Odds:
    """How often calls end badly."""

    error: float = 0.004
    rate_limited: float = 0.003
    timeout: float = 0.001
    truncated: float = 0.004
    refused: float = 0.006
    broken: float = 0.0
    """Of answers that are to keep a format; 0: nobody checks."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One route's calls to one model."""

    service: str
    version: str
    route: str
    model: Model
    dialect: str
    """Which instrumentation sees it (:mod:`demo.history.dialects`)."""
    calls_per_hour: float
    """On average over the two weeks."""
    prompt_tokens: int
    """Median."""
    output_tokens: int
    """Median."""
    cached_prefix: int = 0
    """Tokens at the begin of each prompt that are the same every time and come from the provider's cache."""
    prompt_version: str = ""
    odds: Odds = Odds()


GPT_4O = Model("openai", "gpt-4o", "gpt-4o-2024-08-06", "api.openai.com", 0.42, 0.0110)
GPT_5_4 = Model("openai", "gpt-5.4", "gpt-5.4-2026-03-05", "api.openai.com", 0.36, 0.0090)
GPT_5_4_MINI = Model("openai", "gpt-5.4-mini", "gpt-5.4-mini-2026-03-17", "api.openai.com", 0.36, 0.0075)
SONNET = Model("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "api.anthropic.com", 0.75, 0.0150)
GEMINI = Model("gcp.gemini", "gemini-2.5-flash", "gemini-2.5-flash", "generativelanguage.googleapis.com", 0.38, 0.0060)

_CHECKED = Odds(broken=0.02)
_WORDY = Odds(refused=0.012)

WORKLOADS = (
    Workload("helpdesk", "4.18.0", "answer-question", GPT_4O, "otel-genai-openai", 310, 1_250, 260),
    Workload("helpdesk", "4.18.0", "answer-question", GPT_5_4, "otel-genai-openai", 65, 1_250, 260),
    Workload("helpdesk", "4.18.0", "triage-ticket", GEMINI, "otel-google-genai", 290, 850, 60, odds=_CHECKED),
    Workload("reports", "2.7.1", "summarise-week", GPT_5_4, "openinference-openai", 195, 3_400, 420),
    Workload("reports", "2.7.1", "summarise-week", GPT_5_4_MINI, "openinference-openai", 45, 3_400, 420),
    Workload("contracts", "1.12.3", "review-clause", SONNET, "anthropic-sdk-native", 165, 18_500, 480, 16_800),
    Workload(
        "shop", "9.3.0", "extract-order", GPT_5_4_MINI, "traceloop-openai", 180, 1_600, 150, 0, "v7", odds=_CHECKED
    ),
    Workload("shop", "9.3.0", "extract-order", GEMINI, "otel-google-genai", 60, 1_600, 150, 0, "v7", odds=_CHECKED),
    Workload("community", "0.31.0", "draft-reply", SONNET, "vercel-ai-sdk", 165, 950, 210, odds=_WORDY),
    Workload("community", "0.31.0", "draft-reply", GPT_4O, "vercel-ai-sdk-openai", 65, 950, 210, odds=_WORDY),
)
