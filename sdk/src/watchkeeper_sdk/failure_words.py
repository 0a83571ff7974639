"""Error texts, reduced to the words that tell the kind of failure: providers quote prompts in their errors."""

from __future__ import annotations

import re

_TELLING = re.compile(
    "|".join(
        (
            r"error code: ?\d{3}",
            r"status(?:[ _]code)?[:=]? ?\d{3}\b",
            r"\b[45]\d\d\b(?: (?:aborted|already_exists|bad_request|cancelled|deadline_exceeded|failed_precondition|"
            r"forbidden|internal|invalid_argument|not_found|out_of_range|permission_denied|resource_exhausted|unauthenticated|"
            r"unauthorized|unavailable|unimplemented|unknown)\b)?",
            r"content_?filter\w{0,20}",
            r"content management policy",
            r"responsibleaipolicy\w{0,20}",
            r"content ?policy\w{0,20}",
            r"guardrail\w{0,20}",
            r"safety system",
            r"no valid candidates returned",
            r"generation blocked",
            r"length limit was reached",
            r"lengthfinishreason\w{0,20}",
            r"(?:reason='?)?max_output_tokens",
            r"rate[_ ]?limit\w{0,20}",
            r"too many requests",
            r"throttl\w{1,20}",
            r"resource_?exhausted",
            r"insufficient_quota",
            r"quota",
            r"time[d -]?\s?out",
            r"deadline[_ ]?exceeded",
            r"cancell?ed",
            r"abandoned stream",
            r"aborted",
            r"client ?disconnect\w{0,20}",
            r"jsondecode\w{0,20}",
            r"json_invalid",
            r"invalid json",
            r"is not valid json",
            r"could not parse",
            r"no object generated",
            r"validation ?error\w{0,20}",
            r"overloaded\w{0,20}",
            r"connection (?:aborted|attempt failed|broken|closed|error|failed|lost|refused|reset|timed out)",
            r"context_length_exceeded",
            r"invalid_request_error",
            r"authentication_error",
            r"permission_error",
            r"not_found_error",
        )
    ),
    re.IGNORECASE | re.ASCII,
)
_LOOKED_AT = 4_000
_MOST_CHARACTERS = 256


def failure_words(message: str) -> str | None:
    """The telling words of ``message``, each once, in order; null where there is none."""
    return "; ".join(dict.fromkeys(_TELLING.findall(message[:_LOOKED_AT])))[:_MOST_CHARACTERS] or None
