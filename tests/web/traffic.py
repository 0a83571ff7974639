"""Two weeks of calls of a small fleet, in which a few things went wrong; the same every time."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import pyarrow as pa

from tests.fixtures.store import call_rows

NOW = datetime(2026, 6, 14, 15, 30, tzinfo=UTC)
BEGIN = NOW - timedelta(days=14)
_HOURS = 14 * 24

SLOWER = NOW - timedelta(hours=26)
"""From then on gpt-4o is another, slower model."""
REFUSING = NOW - timedelta(hours=5)
OUTAGE = (NOW - timedelta(hours=29), NOW - timedelta(hours=28))
BROKEN = NOW - timedelta(hours=40)
"""From then on, with version 7 of its prompt, invoices come out in another format."""


@dataclass(frozen=True, slots=True)
class Law:
    """How one use of a model behaves from some time on."""

    service: str
    route: str
    provider: str
    request_model: str
    model: str
    per_hour: float
    latency_s: float = 1.2
    """Median of answered calls."""
    usd: float | None = 0.004
    """A call; None: without a price."""
    outcome: str = "refused"
    bad: float = 0.01
    """Share of calls that end with ``outcome``."""
    prompt_version: str = "6"
    variant: str = "primary"
    cached: float = 0.3
    """Share of the input that came from the cache."""


_CHAT = Law("shop", "chat", "openai", "gpt-4o", "gpt-4o-2024-08-06", 14, 1.1, 0.0052)
_CANARY = replace(
    _CHAT, provider="anthropic", request_model="claude-haiku-4-5", model="claude-haiku-4-5-20251001",
    per_hour=5, latency_s=0.7, usd=0.0016, variant="canary",
)  # fmt: skip
_RANK = Law("search", "rank", "openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18", 22, 0.6, 0.0004)
_MAIL = Law("mail", "summaries", "google", "gemini-2.5-flash", "gemini-2.5-flash", 9, 1.6, 0.0011, "error")
_INVOICES = Law("billing", "invoices", "mistral", "mistral-large-2411", "mistral-large-2411", 8, 2.4, 0.0061,
                "format_invalid")  # fmt: skip
_AGENT = Law("agents", "planner", "openai", "o9-preview", "o9-preview", 3, 9.0, None, "truncated", 0.03)

LAWS: tuple[tuple[Law, datetime, datetime], ...] = (
    (_CHAT, BEGIN, SLOWER),
    (replace(_CHAT, model="gpt-4o-2024-11-20", latency_s=1.7, usd=0.0063, cached=0.0), SLOWER, NOW),
    (_CANARY, NOW - timedelta(days=3), NOW),
    (_RANK, BEGIN, REFUSING),
    (replace(_RANK, bad=0.14), REFUSING, NOW),
    (_MAIL, BEGIN, OUTAGE[0]),
    (replace(_MAIL, bad=0.95, per_hour=30), *OUTAGE),
    (_MAIL, OUTAGE[1], NOW),
    (_INVOICES, BEGIN, BROKEN),
    (replace(_INVOICES, bad=0.2, prompt_version="7"), BROKEN, NOW),
    (_AGENT, BEGIN, NOW),
)


def calls() -> pa.Table:
    """All of them, in columns as ``calls`` takes them."""
    rng, numbers = np.random.default_rng(7), count()
    return pa.concat_tables([_rows(law, begin, end, rng, next(numbers)) for law, begin, end in LAWS])


def _rows(law: Law, begin: datetime, end: datetime, rng: np.random.Generator, number: int) -> pa.Table:
    seconds = (end - begin).total_seconds()
    drawn = rng.uniform(0, seconds, int(law.per_hour * seconds / 3600 * 1.6))
    hour = ((begin.timestamp() + drawn) % 86_400) / 3600
    # Fewer at night, most in the afternoon.
    kept = np.sort(drawn[rng.random(len(drawn)) < 0.62 * (1 + 0.6 * np.cos((hour - 15) / 24 * 2 * np.pi))])
    n = len(kept)
    bad = rng.random(n) < law.bad
    tokens = rng.lognormal(6.8, 0.4, n).astype(np.uint32)
    nano = [None if law.usd is None else int(law.usd * 1e9 * factor) for factor in rng.lognormal(0, 0.3, n)]
    parts = {
        name: [None if one is None else int(one * share) for one in nano]
        for name, share in (("cost_input_usd", 0.5), ("cost_cache_read_usd", 0.1), ("cost_output_usd", 0.4))
    }
    return call_rows(
        n,
        seed=number,
        ts=pa.array((begin.timestamp() * 1e6 + kept * 1e6).astype(np.int64)),
        **{name: getattr(law, name) for name in _COPIED},
        environment="production",
        outcome=np.where(bad, law.outcome, "ok").tolist(),
        format_valid=(~bad).tolist() if law.outcome == "format_invalid" else None,
        duration_us=pa.array((law.latency_s * 1e6 * rng.lognormal(0, 0.45, n)).astype(np.uint64)),
        ttft_us=pa.array((law.latency_s * 2e5 * rng.lognormal(0, 0.3, n)).astype(np.uint64)),
        is_stream=True,
        input_tokens=pa.array(tokens),
        output_tokens=pa.array(rng.lognormal(5, 0.5, n).astype(np.uint32)),
        cache_read_tokens=pa.array((tokens * law.cached).astype(np.uint32)),
        cost_usd=nano,
        **parts,
        cost_status="unpriced" if law.usd is None else "priced",
    )


_COPIED = ("service", "route", "provider", "request_model", "model", "variant", "prompt_version")
