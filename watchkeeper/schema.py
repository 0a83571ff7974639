"""One row per call: the one declarative table from which Arrow schema, DDL check and docs derive.

``CALLS`` is the contract between collector, store, detectors and API. A column is added here and in a new
numbered migration; a test compares the two. Unknown numbers are null, never zero: a missing token count is not
a cheap call. Unknown words are the empty string, because ClickHouse's ``LowCardinality(String)`` has no cheaper
way to say so.
"""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

SCHEMA_VERSION = 1
COST_SCALE = 9
"""Digits behind the point of every cost column: nano-dollars."""


class Outcome(StrEnum):
    """How a call ended, as its user would say."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    FILTERED = "filtered"
    TRUNCATED = "truncated"
    FORMAT_INVALID = "format_invalid"
    EMPTY = "empty"
    TOOL_INVALID = "tool_invalid"
    CANCELLED = "cancelled"


class CostStatus(StrEnum):
    """Where ``cost_usd`` comes from, or why it is null."""

    PRICED = "priced"
    REPORTED = "reported"
    UNPRICED = "unpriced"
    NO_USAGE = "no_usage"


class Variant(StrEnum):
    """Which part of a roll-out a call belongs to."""

    PRIMARY = "primary"
    SHADOW = "shadow"
    CANARY = "canary"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the ``calls`` table: the same thing in Arrow, in ClickHouse and in words."""

    name: str
    arrow: pa.DataType
    clickhouse: str
    meaning: str
    codec: str = "ZSTD(1)"
    default: str = ""
    stored_by_writer: bool = True


_WORD = pa.dictionary(pa.int32(), pa.string())
_TEXT = pa.string()
_COST = pa.decimal128(18, COST_SCALE)
_LC = "LowCardinality(String)"
_N32 = "Nullable(UInt32)"
_MONEY = f"Nullable(Decimal(18, {COST_SCALE}))"
_INT = "T64, ZSTD(1)"


def _word(name: str, meaning: str) -> Column:
    return Column(name, _WORD, _LC, meaning)


def _tokens(name: str, meaning: str) -> Column:
    return Column(name, pa.uint32(), _N32, meaning, _INT)


def _cost(name: str, meaning: str) -> Column:
    return Column(name, _COST, _MONEY, meaning)


CALLS: tuple[Column, ...] = (
    Column(
        "ts",
        pa.timestamp("us", tz="UTC"),
        "DateTime64(6, 'UTC')",
        "start of the call, clamped into the retention window",
        "Delta(8), ZSTD(1)",
    ),
    Column(
        "calls",
        pa.uint8(),
        "UInt8",
        "1 for a call; 0 for a row that only completes a call stored before (its tokens and cost came later)",
        _INT,
    ),
    Column("trace_id", pa.binary(16), "FixedString(16)", "trace id, 16 raw bytes"),
    Column("span_id", pa.binary(8), "FixedString(8)", "span id, 8 raw bytes"),
    Column("parent_span_id", pa.binary(8), "FixedString(8)", "parent span id, zero bytes for a root"),
    _word("service", "`service.name` of the resource"),
    _word("service_version", "`service.version` of the resource"),
    _word("environment", "`deployment.environment.name` (older: `deployment.environment`)"),
    _word("route", "the workload: `watchkeeper.route`, else agent, workflow or prompt name, else the service"),
    _word("prompt_name", "name of the prompt template"),
    _word("prompt_version", "version of the prompt template"),
    _word("tenant", "customer or team the call was made for"),
    Column("user_hash", _TEXT, "String", "salted hash of the end user's id; the id itself is never stored"),
    _word("region", "cloud region of the caller or of the endpoint"),
    _word("service_tier", "tier the provider served: default, flex, priority, batch …"),
    _word("variant", "`primary`, `shadow`, `canary` or `control`"),
    _word("provider", "normalised provider id, the vocabulary of `gen_ai.provider.name`"),
    _word("request_model", "model asked for"),
    _word("model", "model that answered; the model asked for where the answer does not say"),
    _word("operation", "`chat`, `text_completion`, `generate_content`, `embeddings`, …"),
    _word("dialect", "how the span was recognised (the table in docs/dialects.md)"),
    _word("outcome", "how the call ended: " + ", ".join(f"`{o}`" for o in Outcome)),
    _word("outcome_reason", "the fact that decided the outcome"),
    _word("error_type", "low-cardinality error class; empty when the call succeeded"),
    Column(
        "http_status",
        pa.uint16(),
        "Nullable(UInt16)",
        "HTTP status of the last attempt, if the span says",
        _INT,
    ),
    _word(
        "finish_reason",
        "`stop`, `length`, `tool_call`, `content_filter`, `refusal`, `error`, `unknown`, or empty",
    ),
    _word("finish_reason_raw", "what the provider said, untouched"),
    _word("output_type", "what was asked for: `text`, `json`, `image`, `speech`, or empty"),
    Column(
        "format_valid",
        pa.bool_(),
        "Nullable(Bool)",
        "did the answer keep the format asked for; null: not known",
    ),
    Column("is_stream", pa.bool_(), "Bool", "the answer was streamed"),
    Column("duration_us", pa.uint64(), "UInt64", "span end minus span start, microseconds", _INT),
    Column(
        "duration_complete",
        pa.bool_(),
        "Bool",
        "false where the span ended before the answer did (its duration must not enter a latency statistic)",
    ),
    Column("ttft_us", pa.uint64(), "Nullable(UInt64)", "time to first token or chunk, microseconds", _INT),
    _tokens("input_tokens", "all input tokens, cached and cache-writing ones included"),
    _tokens("output_tokens", "all output tokens, reasoning included"),
    _tokens("cache_read_tokens", "part of `input_tokens` read from the provider's cache"),
    _tokens("cache_write_tokens", "part of `input_tokens` written to the provider's cache"),
    _tokens("reasoning_tokens", "part of `output_tokens` spent on reasoning"),
    _cost("cost_usd", "what the call cost: ours where priced, else the emitter's; null where neither is known"),
    _cost("cost_input_usd", "part of our price: uncached input"),
    _cost("cost_cache_read_usd", "part of our price: input read from the cache"),
    _cost("cost_cache_write_usd", "part of our price: input written to the cache"),
    _cost("cost_output_usd", "part of our price: output, reasoning included"),
    _cost("cost_reported_usd", "what the emitter said it cost, kept beside ours"),
    _word("cost_status", ", ".join(f"`{s}`" for s in CostStatus)),
    _word("price_version", "which price list priced the call"),
    Column("response_id", _TEXT, "String", "the provider's id of the answer"),
    Column("conversation_id", _TEXT, "String", "conversation, session or thread id"),
    _word("server_address", "host the call went to"),
    _word("system_fingerprint", "the provider's fingerprint of the serving configuration"),
    Column("attempt", pa.uint8(), "UInt8", "1 for the first try; larger for retries the application makes itself"),
    _word("fallback_from", "model this call replaces after a failure"),
    Column(
        "gateway_cache_hit",
        pa.bool_(),
        "Bool",
        "answered from a gateway's cache: no provider latency, no cost",
    ),
    Column(
        "attributes",
        pa.map_(pa.string(), pa.string()),
        "Map(LowCardinality(String), String)",
        "further attributes, bounded in number and length; never content",
    ),
    _word("source", "where the span came from: a Kafka topic or an OTLP receiver"),
    Column("source_partition", pa.uint16(), "UInt16", "Kafka partition; 0 for OTLP", _INT),
    Column("source_offset", pa.uint64(), "UInt64", "Kafka offset; a running number for OTLP", "Delta(8), ZSTD(1)"),
    Column(
        "ingested_at",
        pa.timestamp("s", tz="UTC"),
        "DateTime('UTC')",
        "when the row was stored",
        "Delta(4), ZSTD(1)",
        default="now()",
        stored_by_writer=False,
    ),
)

BY_NAME: dict[str, Column] = {column.name: column for column in CALLS}

TOKEN_COLUMNS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
"""The token counts of a call, all of them nullable."""

CALLS_SCHEMA: pa.Schema = pa.schema(
    [(column.name, column.arrow) for column in CALLS if column.stored_by_writer],
    metadata={b"watchkeeper.schema_version": str(SCHEMA_VERSION).encode()},
)
"""Arrow schema of a batch of calls as the collector writes and publishes it."""

ROLLUP_KEYS: tuple[str, ...] = (
    "service",
    "environment",
    "route",
    "provider",
    "request_model",
    "model",
    "operation",
    "variant",
    "outcome",
    "gateway_cache_hit",
)
"""Columns that both rollups keep apart; everything else is summed, counted or sketched."""


def clickhouse_columns() -> str:
    """The column list of ``CREATE TABLE calls``, one line a column."""
    lines = []
    for column in CALLS:
        default = f" DEFAULT {column.default}" if column.default else ""
        lines.append(f"  {column.name} {column.clickhouse}{default} CODEC({column.codec})")
    return ",\n".join(lines)


def markdown_table() -> str:
    """The table of docs/data-model.md."""
    rows = ["| column | ClickHouse type | meaning |", "| --- | --- | --- |"]
    rows += [f"| `{c.name}` | `{c.clickhouse}` | {c.meaning} |" for c in CALLS]
    return "\n".join(rows)
