"""What Watchkeeper says about the calls it stored: rows of ``GET /v1/summary``."""

from collections.abc import Sequence
from decimal import Decimal

import httpx
from pydantic import BaseModel, ConfigDict, Field

_PATH = "/v1/summary"
_QUERY = {"interval": "1h"}


class SummaryRow(BaseModel):
    """Calls of one service to one model in one interval. Null: not known, which is never the same as 0."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    service: str
    provider: str
    model: str
    calls: int
    outcomes: dict[str, int]
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    ttft_p50_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
    unpriced_calls: int = 0


class _Summary(BaseModel):
    rows: list[SummaryRow] = Field(default_factory=list)


def read_summary(client: httpx.Client, api: str) -> Sequence[SummaryRow]:
    """All rows. Raises :class:`httpx.HTTPError` when the API does not answer with 200."""
    answer = client.get(f"{api}{_PATH}", params=_QUERY).raise_for_status()
    return _Summary.model_validate_json(answer.content).rows
