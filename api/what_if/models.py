"""What ``POST /v1/costs/what-if`` is asked and answers with."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.answers.dollars import Dollars

Factor = Annotated[Decimal, Field(ge=Decimal("0.1"), le=10, decimal_places=6, allow_inf_nan=False)]
Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=6, allow_inf_nan=False)]
Usd = Annotated[Decimal, Field(ge=0, le=1_000_000_000, allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=200)]
MOST_SCENARIOS = 5


class Asked(BaseModel):
    """Whatever it does not know, it refuses: a misspelt assumption must not be left out silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CacheAssumption(Asked):
    """Another use of the provider's prompt cache than was stored."""

    read_share: Share = Field(description="Part of each call's input tokens that is read from the cache.")
    write_share: Share = Field(Decimal(0), description="Part that is written to it.")
    from_tokens: int = Field(1_024, ge=0, le=2**32 - 1, description="Smaller calls are not cached at all.")

    @model_validator(mode="after")
    def _within_the_input(self) -> Self:
        if self.read_share + self.write_share > 1:
            raise ValueError("read_share and write_share are parts of the same input: together at most 1")
        return self


class Scenario(Asked):
    """One other way to serve the same calls. What is left out stays as each call was."""

    name: Name = Field("", description="For the answer; default: what differs.")
    provider: Name | None = Field(None, description="As on spans or in lists; with a model alone, whoever makes it.")
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    tier: Annotated[str, Field(max_length=50)] | None = Field(
        None, description="standard, batch, flex, priority …; left out: each call's own."
    )
    cache: Literal["as_observed", "none"] | CacheAssumption = "as_observed"
    input_token_factor: Factor = Field(Decimal(1), description="Tokenizers differ: input tokens there per token here.")
    output_token_factor: Factor = Field(
        Decimal(1), description="The same of output; 1 also means equally long answers."
    )


AS_IT_WAS = Scenario.model_validate({})


class Hosting(Asked):
    """What serving the model on GPUs of your own would take. What is left out is asked for in the answer."""

    gpu_usd_per_hour: Usd | None = None
    gpus_per_replica: int | None = Field(None, ge=1, le=1_000)
    tokens_per_second: Annotated[Decimal, Field(gt=0, le=10_000_000, allow_inf_nan=False)] | None = Field(
        None, description="Input and output tokens together that one replica gets through."
    )
    utilisation: Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)] | None = Field(
        None, description="Part of that which your traffic can fill."
    )
    engineer_hours_per_month: Annotated[Decimal, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None
    engineer_usd_per_hour: Usd | None = None
    fixed_usd_per_month: Usd = Decimal(0)
    one_off_usd: Usd = Decimal(0)
    amortise_months: int = Field(36, ge=1, le=240)
    min_replicas: int = Field(1, ge=1, le=1_000)


_ASKED: Any = {
    "scenarios": [
        {"model": "gpt-4o-mini", "provider": "openai"},
        {"name": "overnight", "tier": "batch"},
        {"name": "with a cached system prompt", "cache": {"read_share": 0.6, "write_share": 0.05}},
    ],
    "group_by": ["route"],
}


class WhatIfRequest(Asked):
    """Body of ``POST /v1/costs/what-if``."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_ASKED]})

    scenarios: tuple[Scenario, ...] = Field((), max_length=MOST_SCENARIOS)
    prices: Literal["then", "today"] = Field(
        "then", description="`then`: of each call's own day. `today`: all at today's, as a forecast would."
    )
    group_by: tuple[Annotated[str, Field(max_length=80)], ...] = Field((), max_length=4)
    self_hosting: Hosting | None = None


class ObservedSpending(BaseModel):
    """The calls as they were."""

    calls: int
    calls_with_cost: int
    unpriced_calls: int = Field(description="Calls with tokens but without a price: in no sum.")
    usd: Dollars | None = Field(description="Sum of the known costs; null where no call has one.")


class Compared(BaseModel):
    """The calls whose cost is known on both sides, so that like is compared with like. Null: there are none."""

    calls: int
    observed_usd: Dollars | None
    usd: Dollars | None
    difference_usd: Dollars | None = Field(description="Below zero: cheaper than it was.")
    difference_share: float | None = Field(description="Of the observed cost.")


class CostParts(BaseModel):
    """What the cost is made of."""

    input_usd: Dollars = Field(description="Neither read from nor written to a cache; fees a request included.")
    cache_read_usd: Dollars
    cache_write_usd: Dollars
    output_usd: Dollars


class Counts(BaseModel):
    """What became of the calls; the five add up to `calls`."""

    calls: int
    calls_priced: int
    calls_too_large: int = Field(description="Would not fit the model's context or output limit: in no sum.")
    calls_unpriced: int = Field(description="No price for this model, tier or kind of token: in no sum.")
    calls_without_usage: int = Field(description="Told no tokens, failures for the most part: in no sum.")
    gateway_hits: int = Field(description="Answered by a gateway's cache: cost nothing either way.")


class TooLarge(BaseModel):
    """Why calls would not fit, and some of them."""

    context_tokens: int | None = Field(description="The model's limit; null: not known, so nothing was checked.")
    output_tokens: int | None
    largest_call_tokens: int = Field(description="Input and output of the largest call of all.")
    observed_usd: Dollars = Field(description="What the calls that do not fit cost.")
    trace_ids: list[str] = Field(description="At most five of them.")


class WhatIfRow(Counts):
    """One group of one scenario."""

    scenario: str
    group: dict[str, str] = Field(description="The values of `group_by`.")
    usd: Dollars | None
    compared: Compared
    parts: CostParts


class ScenarioAnswer(Counts):
    """One scenario in all."""

    name: str
    provider: str | None = Field(description="Null: each call's own.")
    model: str | None
    tier: str | None
    usd: Dollars | None = Field(description="Of the calls that could be priced; null where none could.")
    compared: Compared
    parts: CostParts
    too_large: TooLarge | None = Field(description="Null where the calls stay on their models.")
    assumptions: list[str]
    warnings: list[str] = Field(description="What keeps the number from being the whole truth here.")


class HostingAnswer(BaseModel):
    """Self-hosting against the API as it is now. Null: something in `missing` is not known."""

    replicas: int | None
    gpu_usd_per_day: Dollars | None
    people_usd_per_day: Dollars | None
    fixed_usd_per_day: Dollars | None
    self_hosting_usd_per_day: Dollars | None
    self_hosting_usd_per_call: Dollars | None
    api_usd_per_day: Dollars | None
    api_usd_per_call: Dollars | None
    calls_per_day: float | None
    tokens_per_call: float | None
    capacity_calls_per_day_and_replica: float | None
    break_even_calls_per_day: int | None = Field(description="From here on both cost the same, or self-hosting less.")
    always_cheaper_from_calls_per_day: int | None = Field(
        description="Every further replica is a step in the cost: from here on none makes the API cheaper again."
    )
    verdict: str
    missing: dict[str, str] = Field(description="What is needed and not known, each with what it means.")
    assumptions: list[str]


class WhatIfAnswer(BaseModel):
    """``POST /v1/costs/what-if``."""

    start: datetime = Field(description="As it was read: single calls, so exactly as asked.")
    end: datetime
    complete_since: datetime | None = Field(description="Single calls from before this time may be gone.")
    is_complete: bool = Field(description="False: the period begins before that, so calls may be missing.")
    prices: str
    price_version: str
    observed: ObservedSpending
    scenarios: list[ScenarioAnswer]
    rows: list[WhatIfRow] = Field(description="Every scenario by `group_by`, dearest first; empty without groups.")
    self_hosting: HostingAnswer | None
