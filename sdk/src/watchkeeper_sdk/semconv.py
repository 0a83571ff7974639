"""Names of the attributes Watchkeeper adds where OpenTelemetry's GenAI conventions have none.

Applications set them on LLM spans, on any parent resource, or not at all. Everything else is read under the
names of the OpenTelemetry GenAI semantic conventions and the dialects around them.
"""

from typing import Final

ROUTE: Final = "watchkeeper.route"
"""The workload a call belongs to, e.g. ``summarise-ticket`` (string)."""

TENANT: Final = "watchkeeper.tenant"
"""Customer or team the call was made for (string)."""

USER_HASH: Final = "watchkeeper.user_hash"
"""Salted hash of the user's id: BLAKE2b, 16 bytes, keyed, hexadecimal; equal to the platform's for an equal salt."""

VARIANT: Final = "watchkeeper.variant"
"""``primary``, ``shadow``, ``canary`` or ``control`` (string)."""

ATTEMPT: Final = "watchkeeper.attempt"
"""1 for the first try, larger for retries the application makes itself (int)."""

FALLBACK_FROM: Final = "watchkeeper.fallback_from"
"""Model that this call replaces after a failure (string)."""

PROMPT_NAME: Final = "gen_ai.prompt.name"
"""Name of the prompt template (string, OpenTelemetry)."""

PROMPT_VERSION: Final = "gen_ai.prompt.version"
"""Version of the prompt template (string, OpenTelemetry)."""

FORMAT_VALID: Final = "watchkeeper.format.valid"
"""Did the answer keep the format that was asked for (bool)."""

FORMAT_REASON: Final = "watchkeeper.format.reason"
"""Why not: a path or rule, never the content (string)."""

REFUSED: Final = "watchkeeper.refused"
"""The application recognised the answer as a refusal (bool)."""

EVALUATION_EVENT: Final = "gen_ai.evaluation.result"
"""Event that carries feedback or an evaluation score (OpenTelemetry)."""

EVALUATION_NAME: Final = "gen_ai.evaluation.name"
EVALUATION_SCORE: Final = "gen_ai.evaluation.score.value"
EVALUATION_LABEL: Final = "gen_ai.evaluation.score.label"
EVALUATION_RESPONSE_ID: Final = "gen_ai.response.id"

SCORE_SOURCE: Final = "watchkeeper.score.source"
"""``feedback``, ``evaluation`` or ``judge`` (string, on the evaluation event)."""

TAG: Final = "watchkeeper.tag."
"""Prefix of the application's own tags (string)."""

TIME_TO_FIRST_TOKEN: Final = "watchkeeper.time_to_first_token"
"""From the request to the first chunk with content (seconds); providers open streams with chunks that have none."""

STREAM_CHUNKS: Final = "watchkeeper.stream.chunks"
"""Chunks with content that a stream delivered (int)."""

TIME_PER_CHUNK: Final = "watchkeeper.stream.time_per_chunk"
"""Mean time between two chunks with content (seconds)."""
