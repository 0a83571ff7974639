"""What each emitter writes where: tables, no code.

Adding a dialect is adding rows here and a captured fixture. Sources: OpenTelemetry GenAI semantic conventions
1.27 to 1.41 and the later GenAI repository, and the attribute sets of the emitters named in the rows.
Readings are tried in order and the first non-empty value wins; a reading with ``only`` applies to that dialect
alone, because the same name means other things elsewhere.
"""

from dataclasses import dataclass
from enum import IntEnum

# --- recognising -----------------------------------------------------------------------------------------------


class Role(IntEnum):
    """What a span is to us."""

    NONE = 0
    CALL = 1
    WEAK_CALL = 2
    """Looks like a call, but its emitter does not say so: any surer span of the same call is preferred."""
    CONTINUATION = 3
    """Completes a call whose span ended before the answer did."""
    REPEAT = 4
    """Repeats another span of the same emitter."""
    WRAPPER = 5
    TOOL = 6


@dataclass(frozen=True, slots=True)
class Marker:
    """A sign of a dialect: the first matching marker names the span's dialect."""

    dialect: str
    scope: str = ""
    """Prefix of the instrumentation scope's name."""
    key: str = ""
    """Attribute that is present; a trailing ``*`` matches any suffix."""
    value: str = ""
    """… and holds this value."""
    name: str = ""
    """The span's exact name."""
    resource: bool = False
    """``key`` is a resource attribute."""


MARKERS: tuple[Marker, ...] = (
    Marker("claude_code", name="claude_code.llm_request"),
    Marker("claude_code", key="span.type", value="llm_request"),
    Marker("anthropic_native", scope="com.anthropic."),
    Marker("codex", scope="codex"),
    Marker("codex", key="service.name", value="codex_cli_rs", resource=True),
    Marker("codex", key="service.name", value="codex_exec", resource=True),
    Marker("codex", key="service.name", value="codex-cli", resource=True),
    Marker("logfire", scope="logfire."),
    Marker("pydantic_ai", scope="pydantic-ai"),
    Marker("vercel", scope="ai"),
    Marker("vercel", key="ai.operationId"),
    Marker("openinference", key="openinference.span.kind"),
    Marker("openinference", scope="openinference."),
    Marker("langsmith", key="langsmith.span.kind"),
    Marker("langfuse", key="langfuse.observation.type"),
    Marker("litellm", scope="litellm"),
    Marker("litellm", key="hidden_params"),
    Marker("strands", scope="strands"),
    Marker("strands", key="gen_ai.system", value="strands-agents"),
    Marker("strands", key="gen_ai.provider.name", value="strands-agents"),
    Marker("adk", scope="gcp.vertex.agent"),
    Marker("genkit", scope="genkit"),
    Marker("openlit", key="telemetry.sdk.name", value="openlit", resource=True),
    Marker("openlit", scope="openlit"),
    Marker("openlit", key="gen_ai.sdk.version"),
    Marker("mistral_native", scope="mistralai_sdk_tracer"),
    Marker("azure_inference", key="gen_ai.system", value="az.ai.inference"),
    Marker("azure_inference", key="az.namespace", value="Microsoft.CognitiveServices"),
    Marker("traceloop", key="traceloop.*"),
    Marker("traceloop", key="llm.request.type"),
    Marker("traceloop", key="llm.usage.total_tokens"),
    Marker("traceloop", key="llm.is_streaming"),
    Marker("traceloop", key="gen_ai.is_streaming"),
    Marker("traceloop", key="gen_ai.usage.total_tokens"),
    Marker("traceloop", key="gen_ai.prompt.0.role"),
    Marker("otel", key="gen_ai.operation.name"),
    Marker("otel", key="gen_ai.*"),
)

CALL_OPERATIONS = (
    "chat",
    "text_completion",
    "generate_content",
    "embeddings",
    "completion",
    "embedding",
    "rerank",
)
TOOL_OPERATIONS = ("execute_tool", "tool")


SUB_EMITTERS: tuple[tuple[str, str], ...] = (("langfuse.observation.metadata.ls_model_type", "langchain"),)
"""Attributes that tell two instrumentations apart that export under one scope."""


@dataclass(frozen=True, slots=True)
class RoleRule:
    """An attribute that tells a span's role within a dialect; other values than these mean *wrapper*."""

    dialect: str
    """Empty: every dialect that no rule before has decided."""
    key: str
    calls: tuple[str, ...]
    """Values that mean a call; ``*x`` matches a suffix, a lone ``*`` any value."""
    weak: tuple[str, ...] = ()
    """Values that mean a call which a surer span of another emitter may also tell."""
    tools: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()
    continuations: tuple[str, ...] = ()
    others: Role = Role.WRAPPER


SPAN_NAME = "(span name)"

ROLE_RULES: tuple[RoleRule, ...] = (
    RoleRule("claude_code", SPAN_NAME, ("claude_code.llm_request",)),
    RoleRule("claude_code", "span.type", ("llm_request",)),
    RoleRule("codex", SPAN_NAME, ("stream_request",), others=Role.NONE),
    RoleRule("openinference", "openinference.span.kind", ("LLM", "EMBEDDING"), tools=("TOOL",)),
    RoleRule("langsmith", "langsmith.span.kind", ("llm", "embedding"), tools=("tool",)),
    RoleRule("langfuse", "langfuse.observation.type", ("generation", "embedding"), tools=("tool",)),
    RoleRule("vercel", "ai.operationId", ("*.doGenerate", "*.doStream", "*.doEmbed"), tools=("ai.toolCall",)),
    RoleRule("litellm", SPAN_NAME, ("litellm_request",), repeats=("raw_gen_ai_request", "route *"), others=Role.NONE),
    RoleRule("logfire", "logfire.msg_template", (), continuations=("streaming response from*",), others=Role.NONE),
    RoleRule("genkit", "genkit:metadata:subtype", ("model", "embedder"), tools=("tool",)),
    RoleRule("genkit", "genkit:type", ()),
    RoleRule("adk", "gen_ai.operation.name", CALL_OPERATIONS, tools=TOOL_OPERATIONS),
    RoleRule("adk", "gcp.vertex.agent.llm_response", ("*",)),
    RoleRule("adk", SPAN_NAME, ("call_llm",), tools=("execute_tool*",)),
    RoleRule(
        "mistral_native",
        SPAN_NAME,
        (),
        weak=(
            "chat_completion_*",
            "fim_completion_*",
            "agents_completion_*",
            "embeddings_*",
            "agents_api_v1_conversations_*",
            "stream_*",
        ),
        tools=("Tool Execution",),
        repeats=("Message Output",),
    ),
    RoleRule("", "gen_ai.operation.name", CALL_OPERATIONS, tools=TOOL_OPERATIONS),
    RoleRule("", "traceloop.span.kind", (), tools=("tool",)),
    RoleRule(
        "",
        "llm.request.type",
        (
            "chat",
            "completion",
            "acompletion",
            "embedding",
            "aembedding",
            "rerank",
            "text_completion",
            "responses",
        ),
        others=Role.WEAK_CALL,
    ),
    RoleRule(
        "openlit",
        SPAN_NAME,
        ("chat *", "embeddings *", "text_completion *", "generate_content *"),
        others=Role.NONE,
    ),
)

WEAK_KEYS = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "gen_ai.usage.total_tokens",
    "gen_ai.response.id",
    "gen_ai.response.finish_reasons",
    "gen_ai.request.model",
    "llm.token_count.prompt",
    "llm.token_count.total",
    "llm.finish_reason",
)
"""An undecided span with one of these is a call that does not say so (limits may have cut off what says it)."""

EMBEDDING_MARKS = (
    ("genkit:metadata:subtype", "embedder"),
    ("openinference.span.kind", "EMBEDDING"),
    ("langfuse.observation.type", "embedding"),
    ("llm.request.type", "embedding"),
    ("llm.request.type", "aembedding"),
)

# --- reading ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """One place a field may be found at."""

    field: str
    key: str
    path: tuple[str | int, ...] = ()
    """Where inside a JSON document (or Python literal) the value is."""
    only: str = ""
    """The dialect this reading is limited to."""
    scale: float = 1.0
    """Factor to our unit, for numbers."""


def _r(field: str, *keys: str) -> tuple[Reading, ...]:
    return tuple(Reading(field, key) for key in keys)


def _paths(field: str, key: str, *paths: tuple[str | int, ...], only: str = "") -> tuple[Reading, ...]:
    return tuple(Reading(field, key, path, only) for path in paths)


_INVOCATION = "llm.invocation_parameters"
_USAGE = "langfuse.observation.usage_details"
_LS_USAGE = "langsmith.metadata.usage_metadata"
_LITELLM_USAGE = "metadata.usage_object"
_RAW = "gen_ai.usage.raw"
_ADK = "gcp.vertex.agent.llm_response"
_GENKIT = "genkit:output"
_VERCEL_META = "ai.response.providerMetadata"

TEXT_READINGS: tuple[Reading, ...] = (
    *_r("provider", "gen_ai.provider.name", "gen_ai.system"),
    Reading("provider", "error.llm_provider", only="litellm"),
    *_r("provider", "llm.provider", "llm.system", "ai.model.provider", "langsmith.metadata.ls_provider"),
    *_r("provider", "traceloop.association.properties.ls_provider", "llm.vendor"),
    Reading("provider", "langfuse.observation.metadata.ls_provider"),
    Reading("provider", "metadata", ("ls_provider",), only="openinference"),
    # request model
    *_r("request_model", "gen_ai.request.model", "llm.request.model_name", "ai.model.id"),
    *_paths("request_model", _INVOCATION, ("model",), ("model_name",)),
    *_paths("request_model", "embedding.invocation_parameters", ("model",)),
    *_paths("request_model", "metadata", ("ls_model_name",), only="openinference"),
    *_paths("request_model", "request_data", ("model",)),
    *_r("request_model", "langsmith.metadata.ls_model_name", "traceloop.association.properties.ls_model_name"),
    *_r("request_model", "llm.request.model", "llm.model_name", "embedding.model_name", "llm.model"),
    Reading("request_model", "litellm.provider.model", only="litellm"),
    *_r("request_model", "langfuse.observation.metadata.ls_model_name", "gcp.vertex.agent.llm_request.model"),
    *_paths("request_model", "gcp.vertex.agent.llm_request", ("model",)),
    Reading("request_model", "genkit:name", only="genkit"),
    Reading("request_model", "model", only="claude_code"),
    Reading("request_model", "model", only="codex"),
    # served model
    *_r("model", "gen_ai.response.model", "ai.response.model", "llm.response.model_name", "llm.response.model"),
    *_r("model", "llm.model_name", "embedding.model_name", "langfuse.observation.model.name"),
    *_paths("model", "response_data", ("model",)),
    *_paths("model", _ADK, ("model_version",)),
    *_paths("model", _GENKIT, ("custom", "modelVersion"), ("custom", "model"), ("raw", "model")),
    Reading("model", "model", only="claude_code"),
    # identity
    *_r("response_id", "gen_ai.response.id", "ai.response.id", "llm.response.id"),
    *_paths("response_id", _INVOCATION, ("id",), only="openinference"),
    *_paths("response_id", _GENKIT, ("custom", "responseId"), ("custom", "id"), ("raw", "id")),
    Reading("conversation_id", "gen_ai.conversation.id"),
    *_r("conversation_id", "session.id", "langsmith.trace.session_id", "conversation.id"),
    *_r("conversation_id", "ai.telemetry.metadata.sessionId", "traceloop.association.properties.session_id"),
    *_r("server_address", "server.address", "gen_ai.endpoint"),
    *_r(
        "system_fingerprint",
        "openai.response.system_fingerprint",
        "gen_ai.openai.response.system_fingerprint",
    ),
    *_r("system_fingerprint", "gen_ai.response.system_fingerprint", "gen_ai.openai.system_fingerprint"),
    *_r("service_tier", "openai.response.service_tier", "gen_ai.openai.response.service_tier"),
    *_r("service_tier", "anthropic.response.service_tier", "gen_ai.response.service_tier"),
    *_r("service_tier", "openai.request.service_tier", "gen_ai.openai.request.service_tier"),
    # workload
    *_r("route", "watchkeeper.route", "gen_ai.agent.name", "gen_ai.workflow.name", "traceloop.workflow.name"),
    *_r("route", "gen_ai.prompt.name", "ai.telemetry.functionId", "traceloop.entity.name"),
    *_r("prompt_name", "gen_ai.prompt.name", "traceloop.prompt.key", "langfuse.observation.prompt.name"),
    *_r(
        "prompt_version",
        "gen_ai.prompt.version",
        "traceloop.prompt.version",
        "langfuse.observation.prompt.version",
    ),
    *_r("tenant", "watchkeeper.tenant", "tenant.id", "litellm.team.id", "metadata.user_api_key_team_id"),
    *_r("user", "user.id", "enduser.id", "gen_ai.request.user", "llm.user", "ai.telemetry.metadata.userId"),
    *_r("user", "litellm.end_user.id", "langfuse.user.id"),
    *_r("user_hashed", "watchkeeper.user_hash"),
    *_r("region", "cloud.region", "gen_ai.request.region"),
    *_r("variant", "watchkeeper.variant"),
    *_r("fallback_from", "watchkeeper.fallback_from"),
    # outcome
    *_r("error_type", "error.type", "gen_ai.framework.error.type", "mistral_ai.error.type"),
    *_r("error_message", "error.message", "langfuse.observation.status_message", "exception.message"),
    *_r("error_message", "mistral_ai.error.message"),
    *_r("level", "langfuse.observation.level"),
    Reading("error_message", "error", only="claude_code"),
    *_r("format_reason", "watchkeeper.format.reason"),
    # what was asked for
    *_r("output_type", "gen_ai.output.type", "gen_ai.openai.request.response_format"),
    *_paths("output_type", _INVOCATION, ("response_format", "type"), ("response_format",), ("response_mime_type",)),
    *_paths("output_type", _INVOCATION, ("output_config", "format", "type"), ("text", "format", "type")),
    *_paths("output_type", "request_data", ("response_format", "type"), ("text", "format", "type")),
    *_paths("output_type", "langsmith.metadata.ls_invocation_params", ("response_format", "type")),
    *_paths("output_type", "langsmith.metadata.ls_invocation_params", ("text", "format", "type")),
    *_paths("output_type", "langfuse.observation.metadata.response_format", ("type",)),
    *_paths("output_type", "gen_ai.prompt", ("response_format", "type"), ("text", "format", "type")),
    *_paths("output_type", "llm.openai.response_format", ("type",)),
    *_paths("output_type", "gcp.vertex.agent.llm_request", ("config", "response_mime_type")),
    *_paths("output_type", "genkit:input", ("output", "format"), ("output", "contentType")),
    # how it ran
    *_r("operation", "gen_ai.operation.name", "llm.request.type"),
    Reading("operation", "ai.operationId", only="vercel"),
)
"""Words. Where several dialects use one key it stands once, in the order of trust."""

SCHEMA_ASKED_KEYS = ("gen_ai.request.structured_output_schema", "ai.schema", "gen_ai.request.response_schema")
"""Their mere presence says that a JSON answer was asked for."""

JSON_OPERATION_MARKS = ("generateObject", "streamObject")

NUMBER_READINGS: tuple[Reading, ...] = (
    *_r("input_tokens", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"),
    *_r("input_tokens", "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"),
    *_r("input_tokens", "llm.usage.prompt_tokens"),
    *_paths("input_tokens", _USAGE, ("prompt_tokens",), ("input_tokens",), ("input",)),
    *_paths("input_tokens", _LS_USAGE, ("input_tokens",)),
    *_paths("input_tokens", _LITELLM_USAGE, ("prompt_tokens",), only="litellm"),
    *_paths("input_tokens", _RAW, ("prompt_tokens",), ("input_tokens",)),
    *_paths("input_tokens", _ADK, ("usage_metadata", "prompt_token_count")),
    *_paths("input_tokens", _GENKIT, ("usage", "inputTokens")),
    Reading("input_tokens", "input_tokens", only="claude_code"),
    Reading("input_tokens", "input_token_count", only="codex"),
    *_r(
        "output_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
    ),
    *_r("output_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens", "llm.usage.completion_tokens"),
    *_paths("output_tokens", _USAGE, ("completion_tokens",), ("output_tokens",), ("output",)),
    *_paths("output_tokens", _LS_USAGE, ("output_tokens",)),
    *_paths("output_tokens", _LITELLM_USAGE, ("completion_tokens",), only="litellm"),
    *_paths("output_tokens", _RAW, ("completion_tokens",), ("output_tokens",)),
    *_paths("output_tokens", _ADK, ("usage_metadata", "candidates_token_count")),
    *_paths("output_tokens", _GENKIT, ("usage", "outputTokens")),
    Reading("output_tokens", "output_tokens", only="claude_code"),
    Reading("output_tokens", "output_token_count", only="codex"),
    *_r("total_tokens", "gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total"),
    *_r("total_tokens", "ai.usage.totalTokens", "mistral_ai.request.total_tokens"),
    *_paths("total_tokens", _ADK, ("usage_metadata", "total_token_count")),
    *_paths("total_tokens", _GENKIT, ("usage", "totalTokens")),
    # cache
    *_r("cache_read_tokens", "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"),
    *_r("cache_read_tokens", "gen_ai.usage.details.cache_read_tokens"),
    *_r("cache_read_tokens", "gen_ai.usage.details.cache_read_input_tokens"),
    *_r("cache_read_tokens", "gen_ai.usage.details.cached_content_tokens"),
    *_r("cache_read_tokens", "gen_ai.usage.prompt_tokens_details.cached_tokens"),
    *_r("cache_read_tokens", "llm.token_count.prompt_details.cache_read"),
    *_r("cache_read_tokens", "ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"),
    *_paths("cache_read_tokens", _USAGE, ("prompt_tokens_details", "cached_tokens")),
    *_paths("cache_read_tokens", _USAGE, ("input_tokens_details", "cached_tokens"), ("cache_read_input_tokens",)),
    *_paths("cache_read_tokens", _USAGE, ("input_cached_tokens",), ("input_cache_read",), ("input_cached",)),
    *_paths("cache_read_tokens", _LS_USAGE, ("input_token_details", "cache_read")),
    *_paths("cache_read_tokens", "gen_ai.usage.input_token_details", ("cache_read",)),
    *_paths("cache_read_tokens", _LITELLM_USAGE, ("prompt_tokens_details", "cached_tokens"), only="litellm"),
    *_paths("cache_read_tokens", _LITELLM_USAGE, ("cache_read_input_tokens",), only="litellm"),
    *_paths("cache_read_tokens", _RAW, ("prompt_tokens_details", "cached_tokens"), ("cache_read_input_tokens",)),
    *_paths("cache_read_tokens", _RAW, ("input_tokens_details", "cached_tokens")),
    *_paths("cache_read_tokens", _ADK, ("usage_metadata", "cached_content_token_count")),
    *_paths("cache_read_tokens", _GENKIT, ("usage", "cachedContentTokens")),
    *_paths("cache_read_tokens", _GENKIT, ("raw", "usage", "prompt_tokens_details", "cached_tokens")),
    *_paths("cache_read_tokens", _GENKIT, ("custom", "usage", "cache_read_input_tokens")),
    *_paths(
        "cache_read_tokens",
        _VERCEL_META,
        ("anthropic", "cacheReadInputTokens"),
        ("openai", "cachedPromptTokens"),
    ),
    Reading("cache_read_tokens", "cache_read_tokens", only="claude_code"),
    Reading("cache_read_tokens", "cached_token_count", only="codex"),
    *_r(
        "cache_write_tokens",
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
    ),
    *_r(
        "cache_write_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.cache_write_input_tokens",
    ),
    *_r("cache_write_tokens", "gen_ai.usage.details.cache_write_tokens"),
    *_r("cache_write_tokens", "gen_ai.usage.details.cache_creation_input_tokens"),
    *_r("cache_write_tokens", "gen_ai.usage.prompt_tokens_details.cache_creation_tokens"),
    *_r("cache_write_tokens", "llm.token_count.prompt_details.cache_write"),
    *_r("cache_write_tokens", "ai.usage.inputTokenDetails.cacheWriteTokens"),
    *_paths("cache_write_tokens", _USAGE, ("cache_creation_input_tokens",), ("input_cache_creation",)),
    *_paths("cache_write_tokens", _LS_USAGE, ("input_token_details", "cache_creation")),
    *_paths("cache_write_tokens", "gen_ai.usage.input_token_details", ("cache_creation",)),
    *_paths("cache_write_tokens", _LITELLM_USAGE, ("cache_creation_input_tokens",), only="litellm"),
    *_paths(
        "cache_write_tokens",
        _LITELLM_USAGE,
        ("prompt_tokens_details", "cache_creation_tokens"),
        only="litellm",
    ),
    *_paths("cache_write_tokens", _RAW, ("cache_creation_input_tokens",)),
    *_paths("cache_write_tokens", _VERCEL_META, ("anthropic", "cacheCreationInputTokens")),
    *_paths("cache_write_tokens", _VERCEL_META, ("anthropic", "usage", "cache_creation_input_tokens")),
    *_paths("cache_write_tokens", _GENKIT, ("custom", "usage", "cache_creation_input_tokens")),
    Reading("cache_write_tokens", "cache_creation_tokens", only="claude_code"),
    Reading("cache_write_tokens", "cache_write_token_count", only="codex"),
    # reasoning
    *_r("reasoning_tokens", "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"),
    *_r("reasoning_tokens", "gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.details.thinking_tokens"),
    *_r("reasoning_tokens", "gen_ai.usage.details.thoughts_tokens"),
    *_r("reasoning_tokens", "gen_ai.usage.completion_tokens_details.reasoning_tokens"),
    *_r("reasoning_tokens", "llm.token_count.completion_details.reasoning"),
    *_r("reasoning_tokens", "ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"),
    *_r("reasoning_tokens", "llm.usage.reasoning_tokens"),
    *_paths("reasoning_tokens", _USAGE, ("completion_tokens_details", "reasoning_tokens")),
    *_paths(
        "reasoning_tokens",
        _USAGE,
        ("output_tokens_details", "reasoning_tokens"),
        ("output_reasoning_tokens",),
    ),
    *_paths("reasoning_tokens", _USAGE, ("output_reasoning",)),
    *_paths("reasoning_tokens", _LS_USAGE, ("output_token_details", "reasoning")),
    *_paths("reasoning_tokens", "gen_ai.usage.output_token_details", ("reasoning",)),
    *_paths("reasoning_tokens", _LITELLM_USAGE, ("completion_tokens_details", "reasoning_tokens"), only="litellm"),
    *_paths("reasoning_tokens", _RAW, ("completion_tokens_details", "reasoning_tokens")),
    *_paths("reasoning_tokens", _RAW, ("output_tokens_details", "reasoning_tokens")),
    *_paths("reasoning_tokens", _RAW, ("output_tokens_details", "thinking_tokens")),
    *_paths("reasoning_tokens", _ADK, ("usage_metadata", "thoughts_token_count")),
    *_paths("reasoning_tokens", _GENKIT, ("usage", "thoughtsTokens")),
    *_paths("reasoning_tokens", _GENKIT, ("raw", "usage", "completion_tokens_details", "reasoning_tokens")),
    Reading("reasoning_tokens", "reasoning_token_count", only="codex"),
    *_r("reasoning_tokens", "codex.usage.reasoning_output_tokens"),
    # time to first token, to microseconds
    Reading("ttft_us", "watchkeeper.time_to_first_token", scale=1e6),
    Reading("ttft_us", "gen_ai.response.time_to_first_chunk", scale=1e6),
    Reading("ttft_us", "gen_ai.client.operation.time_to_first_chunk", scale=1e6),
    Reading("ttft_us", "gen_ai.server.time_to_first_token", only="strands", scale=1e3),
    Reading("ttft_us", "gen_ai.server.time_to_first_token", only="openlit", scale=1e6),
    Reading("ttft_us", "ai.response.msToFirstChunk", scale=1e3),
    Reading("ttft_us", "ai.stream.msToFirstChunk", scale=1e3),
    Reading("ttft_us", "ttft_ms", only="claude_code", scale=1e3),
    Reading("ttft_us", "ttft_ms", only="codex", scale=1e3),
    # money, USD
    *_r("cost_reported", "litellm.cost.total", "gen_ai.usage.cost", "operation.cost", "llm.cost.total"),
    *_r("cost_reported", "gen_ai.cost.total_cost"),
    Reading("cost_reported", "cost_usd", only="claude_code"),
    *_paths("cost_reported", "langfuse.observation.cost_details", ("total",)),
    # transport
    *_r("http_status", "http.response.status_code", "http.status_code"),
    Reading("http_status", "status_code", only="claude_code"),
    Reading("http_status", "error.code", only="litellm"),
    Reading("http_status", "litellm.provider.error.code", only="litellm"),
    *_r("attempt", "watchkeeper.attempt"),
    Reading("attempt", "attempt", only="claude_code"),
    Reading("answer_seconds", "duration", only="logfire"),
)

FLAG_READINGS: tuple[Reading, ...] = (
    *_r(
        "is_stream",
        "gen_ai.request.stream",
        "gen_ai.is_streaming",
        "llm.is_streaming",
        "gen_ai.request.is_stream",
    ),
    *_r("is_stream", "litellm.request.streaming", "langsmith.request.streaming"),
    *_paths("is_stream", _INVOCATION, ("stream",)),
    *_paths("is_stream", "request_data", ("stream",)),
    *_r("gateway_cache_hit", "litellm.cache_hit", "gen_ai.cache.hit"),
    *_paths("gateway_cache_hit", "hidden_params", ("cache_hit",), only="litellm"),
    *_r("format_valid", "watchkeeper.format.valid"),
    *_r("refused", "watchkeeper.refused"),
    Reading("success", "success", only="claude_code"),
)

NAMED_MODEL_OPERATIONS = ("chat", "text_completion", "generate_content", "embeddings")
"""OpenTelemetry's span names are ``<operation> <request model>``: all that is left of the model on some errors."""

STREAM_NAME_MARKS = (
    ".doStream",
    "streamText",
    "streaming response",
    "ContentStream",
    "stream_chat",
    "_stream",
    "stream_request",
)
"""Parts of the names of spans, and of the functions they say to have watched, that only streams have."""

FUNCTION_NAME_KEYS = ("code.function.name", "code.function")

FINISH_READINGS: tuple[Reading, ...] = (
    *_r(
        "finish",
        "anthropic.message.stop_reason",
        "gen_ai.response.finish_reasons",
        "gen_ai.response.finish_reason",
    ),
    *_r("finish", "gen_ai.response.stop_reason", "llm.response.finish_reason", "llm.response.stop_reason"),
    *_r("finish", "llm.finish_reason", "ai.response.finishReason", "ai.finishReason", "gen_ai.finishReason"),
    *_r("finish", "gen_ai.completion.0.finish_reason"),
    Reading("finish", "langfuse.observation.metadata.finish_reason"),
    Reading("finish", "stop_reason", only="claude_code"),
    *_paths("finish", _ADK, ("finish_reason",), ("error_code",)),
    *_paths("finish", _GENKIT, ("custom", "candidates", 0, "finishReason"), ("custom", "stop_reason")),
    *_paths("finish", _GENKIT, ("raw", "choices", 0, "finish_reason"), ("finishReason",)),
    *_paths("finish", _GENKIT, ("candidates", 0, "finishReason")),
)

FIRST_TOKEN_EVENTS = (
    "First Token Stream Event",
    "gen_ai.content.completion.chunk",
    "llm.content.completion.chunk",
)
"""The earliest of these on a span marks its first token."""

START_TIME_KEYS = ("langfuse.observation.completion_start_time",)
"""ISO times of the first token."""

OPEN_ENDED_STREAM_SCOPES = ("openinference.instrumentation.groq", "openlit.instrumentation.google")
"""Emitters whose span of a streamed call ends when the stream is handed over."""

FINISH_EVENTS = (("gen_ai.choice", "finish_reason"),)

# --- meaning ---------------------------------------------------------------------------------------------------

FINISH_REASONS: dict[str, str] = {
    raw: canonical
    for canonical, raws in {
        "stop": "stop end_turn stop_sequence complete completed finish endoftext compaction eos end_of_turn",
        "length": "length max_tokens max_output_tokens model_length model_context_window_exceeded incomplete",
        "tool_call": "tool_call tool_calls tool_use function_call",
        "refusal": "refusal",
        "content_filter": "content_filter content_filtered blocked guardrail_intervened safety recitation blocklist "
        "prohibited_content spii model_armor jailbreak image_safety image_prohibited_content image_recitation",
        "error": "error failed cancelled malformed_function_call malformed_response malformed_model_output "
        "malformed_tool_use unexpected_tool_call too_many_tool_calls missing_thought_signature language no_image",
    }.items()
    for raw in raws.split()
}
FINISH_SEVERITY = ("", "stop", "unknown", "tool_call", "length", "error", "content_filter", "refusal")
"""Of several finish reasons (n > 1) the worst counts: later is worse."""

TOOL_FAULTS = frozenset(("unexpected_tool_call", "too_many_tool_calls"))
"""The model called tools it was not given, or too many."""

ANSWER_PROOFS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("mistral_native", ("http.response.status_code", "gen_ai.usage.prompt_tokens", "mistral_ai.operation.id")),
    ("openlit", ("gen_ai.response.finish_reasons", "gen_ai.usage.input_tokens", "gen_ai.output.type", "error.type")),
)
"""Emitters that leave failed calls unmarked, and the attributes of which every answered call (no stream) has one."""

UNANSWERED_IS_CANCELLED = ("openlit",)
"""Of those, the ones that mark answers and exceptions: what is left unmarked was cancelled by the application."""

FORMAT_FAULTS = frozenset(
    ("malformed_function_call", "malformed_tool_use", "malformed_model_output", "malformed_response")
)
"""The provider itself could not read what the model wrote."""

PROVIDERS: dict[str, str] = {
    "az.ai.openai": "azure.ai.openai",
    "azure": "azure.ai.openai",
    "azure_openai": "azure.ai.openai",
    "azure-openai": "azure.ai.openai",
    "az.ai.inference": "azure.ai.inference",
    "azure_ai": "azure.ai.inference",
    "aws": "aws.bedrock",
    "amazon": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "amazon_bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "amazon-bedrock": "aws.bedrock",
    "google": "gcp.gemini",
    "gemini": "gcp.gemini",
    "google_genai": "gcp.gemini",
    "google-gla": "gcp.gemini",
    "googleai": "gcp.gemini",
    "google.generative-ai": "gcp.gemini",
    "gcp.gen_ai": "gcp.gen_ai",
    "google-vertex": "gcp.vertex_ai",
    "google.vertex": "gcp.vertex_ai",
    "vertex_ai": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "vertex": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "mistral-ai": "mistral_ai",
    "xai": "x_ai",
    "x-ai": "x_ai",
    "watsonx": "ibm.watsonx.ai",
    "moonshot": "moonshot_ai",
    "gcp.vertex.agent": "",
    "langchain": "",
    "strands-agents": "",
    "unknown": "",
}
"""Other spellings of ``gen_ai.provider.name`` values; an empty one names a framework, not a provider."""

PROVIDER_BY_MODEL: tuple[tuple[str, str], ...] = (
    ("gpt-", "openai"),
    ("chatgpt", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("text-embedding-", "openai"),
    ("anthropic.", "aws.bedrock"),
    ("us.anthropic.", "aws.bedrock"),
    ("eu.anthropic.", "aws.bedrock"),
    ("apac.anthropic.", "aws.bedrock"),
    ("global.anthropic.", "aws.bedrock"),
    ("amazon.", "aws.bedrock"),
    ("meta.llama", "aws.bedrock"),
    ("arn:aws:bedrock", "aws.bedrock"),
    ("claude", "anthropic"),
    ("gemini", "gcp.gemini"),
    ("models/gemini", "gcp.gemini"),
    ("mistral", "mistral_ai"),
    ("codestral", "mistral_ai"),
    ("ministral", "mistral_ai"),
    ("command", "cohere"),
    ("embed-", "cohere"),
    ("deepseek", "deepseek"),
    ("grok", "x_ai"),
    ("sonar", "perplexity"),
    ("kimi", "moonshot_ai"),
)
"""Last resort where no attribute names the provider: the prefix of the model's name."""

PROVIDER_BY_SCOPE: tuple[tuple[str, str], ...] = (
    ("anthropic", "anthropic"),
    ("bedrock", "aws.bedrock"),
    ("google", "gcp.gemini"),
    ("mistral", "mistral_ai"),
    ("ollama", "ollama"),
    ("groq", "groq"),
    ("cohere", "cohere"),
    ("vertexai", "gcp.vertex_ai"),
    ("openai", "openai"),
    ("gcp.vertex.agent", "gcp.gemini"),
    ("codex", "openai"),
)
"""Next to last resort: what the instrumentation scope's name contains."""

PROVIDER_BY_ERROR: tuple[tuple[str, str], ...] = (
    ("openai.", "openai"),
    ("anthropic.", "anthropic"),
    ("google.genai.", "gcp.gemini"),
    ("groq.", "groq"),
    ("cohere.", "cohere"),
    ("mistralai.", "mistral_ai"),
    ("ollama.", "ollama"),
    ("botocore.", "aws.bedrock"),
)
"""Some spans of failed calls hold nothing but the exception: the package its class comes from."""

PROVIDER_BY_HOST: tuple[tuple[str, str], ...] = (
    ("openai.azure.com", "azure.ai.openai"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.inference"),
    ("models.ai.azure.com", "azure.ai.inference"),
    ("api.openai.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("bedrock-runtime", "aws.bedrock"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.cohere", "cohere"),
    ("api.perplexity.ai", "perplexity"),
    ("api.x.ai", "x_ai"),
    ("openrouter.ai", "openrouter"),
)
"""Suffix or part of ``server.address``; corrects an OpenAI client that talks to another host."""

MODEL_PREFIX_DIALECTS = frozenset(("litellm", "traceloop", "openinference", "genkit"))
"""Emitters that may write ``provider/model``, as LiteLLM and Genkit name models; a prefix that names a provider is
cut."""

OPERATIONS: dict[str, str] = {
    "completion": "text_completion",
    "acompletion": "chat",
    "embedding": "embeddings",
    "aembedding": "embeddings",
    "responses": "chat",
    "invoke_agent": "chat",
}

OPERATION_BY_SPAN_NAME: tuple[tuple[str, str], ...] = (
    ("embeddings_", "embeddings"),
    ("fim_completion_", "text_completion"),
)
"""Beginnings of span names, where no attribute tells the operation."""

EMBEDDING_MODEL_MARK = "embed"
"""Part of an embedding model's name; decides where nothing else tells the operation."""

# --- token accounting ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accounting:
    """Emitters that count otherwise than we do; the first match decides, no match means inclusive."""

    scope: str = ""
    dialect: str = ""
    provider: str = ""
    input_key: str = ""
    """The attribute the input count came from."""
    input_excludes_cache: bool = False
    output_excludes_reasoning: bool = False


ACCOUNTING: tuple[Accounting, ...] = (
    Accounting(scope="opentelemetry.instrumentation.botocore", input_excludes_cache=True),
    Accounting(scope="opentelemetry.instrumentation.genai.bedrock", input_excludes_cache=True),
    Accounting(scope="opentelemetry.instrumentation.bedrock", input_excludes_cache=True),
    Accounting(dialect="openlit", provider="anthropic", input_excludes_cache=True),
    Accounting(dialect="openlit", provider="aws.bedrock", input_excludes_cache=True),
    Accounting(dialect="openlit", provider="gcp.gemini", output_excludes_reasoning=True),
    Accounting(dialect="claude_code", input_excludes_cache=True),
    Accounting(
        dialect="langfuse",
        input_key="langfuse.observation.usage_details.input",
        input_excludes_cache=True,
        output_excludes_reasoning=True,
    ),
    Accounting(dialect="adk", input_key="gcp.vertex.agent.llm_response", output_excludes_reasoning=True),
    Accounting(dialect="genkit", provider="gcp.gemini", output_excludes_reasoning=True),
    Accounting(dialect="genkit", provider="gcp.vertex_ai", output_excludes_reasoning=True),
    Accounting(dialect="genkit", provider="anthropic", input_excludes_cache=True),
)

VENDOR_CUT_SCOPES: tuple[tuple[str, str], ...] = (
    ("opentelemetry.instrumentation.bedrock", ""),
    ("openinference.instrumentation.bedrock", r"(-v\d+(:\d+)?|:\d+)$"),
)
"""Emitters that cut the vendor off a Bedrock model id; the pattern tells such an id from the served model's own name,
which some write under the same key."""

BEDROCK_VENDORS: tuple[tuple[str, str], ...] = (
    ("claude", "anthropic."),
    ("llama", "meta."),
    ("nova", "amazon."),
    ("titan", "amazon."),
    ("command", "cohere."),
    ("mistral", "mistral."),
    ("mixtral", "mistral."),
    ("jamba", "ai21."),
    ("deepseek", "deepseek."),
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """When an emitter counts tokens itself because the provider sent no usage: such counts are not facts."""

    scope: str
    on_failure: bool = False
    """Where the call failed; else where it was streamed."""
    proof: str = ""
    """Attribute that is only written beside the provider's own counts."""
    versions: tuple[str, ...] = ("",)
    """Beginnings of the scope's version."""
    counts: tuple[str, ...] = ()
    """The counts in question; empty: all."""


ESTIMATES: tuple[Estimate, ...] = (
    # Sums the prompt's count over the chunks, each of which repeats it.
    Estimate(
        "opentelemetry.instrumentation.google_genai",
        versions=("0.1b", "0.2b", "0.3b", "0.4b", "0.5b", "0.6b"),
        counts=("input_tokens",),
    ),
    Estimate("openlit.instrumentation.openai", proof="gen_ai.usage.cache_read.input_tokens"),
    Estimate("litellm", on_failure=True, proof="gen_ai.response.finish_reasons"),
)

ZERO_COST_IS_UNKNOWN = ("openlit",)
"""Dialects that write a cost of zero where they have no price."""

PROVISIONAL_OUTPUT_TOKENS = 8
"""Anthropic's first stream event carries an output count of a few tokens; the final one comes with the stop reason."""

# --- content ---------------------------------------------------------------------------------------------------

ANSWER_KEYS = (
    "gen_ai.output.messages",
    "output.value",
    "gen_ai.completion",
    "response_data",
    "langfuse.observation.output",
    "ai.response.object",
    "ai.response.text",
    "gen_ai.completion.0.content",
    "gen_ai.completion.0.refusal",
    "llm.output_messages.0.message.content",
    "gcp.vertex.agent.llm_response",
    "genkit:output",
    "events",
)
PROMPT_KEYS = (
    "gen_ai.input.messages",
    "gen_ai.system_instructions",
    "input.value",
    "gen_ai.prompt",
    "langfuse.observation.input",
    "ai.prompt.messages",
    "ai.prompt",
    "request_data",
    "gcp.vertex.agent.llm_request",
    "genkit:input",
    "gen_ai.prompt.0.content",
)
ANSWER_KEY_PATTERN = ("llm.", (".choices", ".content"))
"""Prefix and endings of LiteLLM's raw answers, ``llm.<provider>.choices``."""

ANSWER_EVENTS = (
    ("gen_ai.choice", "message"),
    ("gen_ai.choice", "gen_ai.completion"),
    ("gen_ai.choice", "gen_ai.event.content"),
)

HIDDEN_VALUES = frozenset(("__REDACTED__", "<masked>", "{}", "[]", "", "null", "None"))
"""What emitters write where content is switched off."""
