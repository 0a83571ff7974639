"""What the API answers with."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from watchkeeper.storage.dead_letters import DeadLetter
from watchkeeper.storage.summary import SummaryRow


class SummaryItem(BaseModel):
    """Calls of one service to one model, in one interval where intervals were asked for. Null: not known."""

    interval: datetime | None = Field(description="Start of the interval; null without intervals.")
    service: str
    provider: str
    model: str = Field(description="The model that answered.")
    calls: int
    outcomes: dict[str, int] = Field(description="Calls by outcome.")
    latency_p50_ms: float | None = Field(description="Of answered calls whose span ended with the answer.")
    latency_p95_ms: float | None
    latency_p99_ms: float | None = Field(description="Rough below some 1,000 calls.")
    ttft_p50_ms: float | None = Field(description="Time to first token.")
    ttft_p95_ms: float | None
    ms_per_output_token_p50: float | None
    input_tokens: int | None = Field(description="Cached ones included; null where no call reported any.")
    output_tokens: int | None = Field(description="Reasoning included.")
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    calls_with_usage: int = Field(description="Calls whose tokens are known.")
    cost_usd: Decimal | None = Field(description="Sum of the known costs; null where no call has one.")
    unpriced_calls: int = Field(description="Calls with tokens but without a price: cost_usd leaves them out.")


class SummaryAnswer(BaseModel):
    """``GET /v1/summary``."""

    start: datetime
    end: datetime
    rows: list[SummaryItem]


def summary_row(row: SummaryRow) -> SummaryItem:
    """One row of the store as the API shows it: milliseconds, and null for what is not known."""
    used = row.calls_with_usage > 0
    priced = row.calls_with_usage > row.calls_unpriced or row.cost_usd > 0
    return SummaryItem(
        interval=row.interval,
        service=row.service,
        provider=row.provider,
        model=row.model,
        calls=row.calls,
        outcomes=row.outcomes,
        latency_p50_ms=_ms(row.latency.p50_us),
        latency_p95_ms=_ms(row.latency.p95_us),
        latency_p99_ms=_ms(row.latency.p99_us),
        ttft_p50_ms=_ms(row.ttft.p50_us),
        ttft_p95_ms=_ms(row.ttft.p95_us),
        ms_per_output_token_p50=_ms(row.us_per_output_token.p50_us),
        input_tokens=row.input_tokens if used else None,
        output_tokens=row.output_tokens if used else None,
        cache_read_tokens=row.cache_read_tokens if used else None,
        cache_write_tokens=row.cache_write_tokens if used else None,
        reasoning_tokens=row.reasoning_tokens if used else None,
        calls_with_usage=row.calls_with_usage,
        cost_usd=row.cost_usd if priced else None,
        unpriced_calls=row.calls_unpriced,
    )


def _ms(us: float | None) -> float | None:
    return None if us is None else round(us / 1000, 3)


class DeadLetterItem(BaseModel):
    """A message that could not be read. Its bytes come base64-encoded, and only when one letter is asked for."""

    id: str
    source: str
    partition: int
    offset: int
    signal: str
    encoding: str
    reason: str
    detail: str
    received_at: datetime
    stored_at: datetime
    replayed_at: datetime | None
    body_base64: str = ""


def dead_letter_item(letter: DeadLetter, body_base64: str = "") -> DeadLetterItem:
    """One dead letter as the API shows it."""
    names = [name for name in DeadLetterItem.model_fields if name not in ("id", "body_base64")]
    fields = {name: getattr(letter, name) for name in names}
    return DeadLetterItem(id=str(letter.id), body_base64=body_base64, **fields)
