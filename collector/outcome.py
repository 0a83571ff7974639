"""How a call ended: one word and the fact that decided it, in a fixed order.

Transport and provider failures first, then what the application marked, then the finish reason, then an explicit
format verdict, then captured content. Refusals arrive as HTTP 200: they are outcomes, not successes. Failure text is
matched here and never stored.
"""

import re
from dataclasses import dataclass

from collector.dialects import FORMAT_FAULTS, TOOL_FAULTS
from watchkeeper.schema import Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome and its reason (a label from a small set)."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Failure:
    """What a span says about a failure."""

    error_type: str
    message: str
    http_status: int | None


_PATTERNS: tuple[tuple[Outcome, str, re.Pattern[str]], ...] = tuple(
    (outcome, reason, re.compile(pattern, re.IGNORECASE))
    for outcome, reason, pattern in (
        (
            Outcome.CANCELLED,
            "cancelled",
            r"cancell?ed|abandoned ?stream|\baborterror\b|useraborterror|request was aborted|client ?disconnect",
        ),
        (
            Outcome.FILTERED,
            "content_policy_error",
            r"content_?filter|content management policy|responsibleaipolicy|contentpolicy|content policy|"
            r"guardrail|safety system|no valid candidates returned|generation blocked",
        ),
        (
            Outcome.TRUNCATED,
            "length_error",
            r"lengthfinishreason|length limit was reached|incompleteoutput|reason='?max_output_tokens",
        ),
        (
            Outcome.RATE_LIMITED,
            "rate_limit_error",
            r"rate.?limit|too.?many.?requests|throttl|resource_?exhausted|quota|\b429\b|insufficient_quota",
        ),
        (Outcome.TIMEOUT, "timeout_error", r"time.?out|timed out|deadline.?exceeded|\b408\b|\b504\b"),
        (
            Outcome.FORMAT_INVALID,
            "format_error",
            r"validationerror|jsondecode|json_invalid|invalid json|is not valid json|outputparser|could not parse|"
            r"noobjectgenerated|no object generated|unexpectedmodelbehavior|schema.?validation|typevalidation",
        ),
    )
)
_STATUS_TEXT = re.compile(
    r"(?:error code:|status(?:[ _]code)?[:=]?)\s*(\d{3})\b|^(\d{3}) [A-Z_]{4,}|^(\d{3})$", re.IGNORECASE
)


def http_status_of(message: str) -> int | None:
    """The HTTP status that an SDK wrote into its error text."""
    found = _STATUS_TEXT.search(message[:400])
    return int(next(group for group in found.groups() if group)) if found else None


def judge_failure(failure: Failure) -> Verdict:
    """What kind of failure it is, from the class, the status and the text of the error."""
    text = f"{failure.error_type} {failure.message[:600]}"
    status = failure.http_status
    # A filter answer is an HTTP 400 whose text tells; a status of 429 tells by itself.
    if status == 429:
        return Verdict(Outcome.RATE_LIMITED, "http_429")
    for outcome, reason, pattern in _PATTERNS:
        if outcome is Outcome.FORMAT_INVALID and status is not None and status >= 400:
            continue
        if pattern.search(text):
            return Verdict(outcome, reason)
    if status is not None and status >= 400:
        return Verdict(Outcome.TIMEOUT if status in (408, 504) else Outcome.ERROR, f"http_{status}")
    return Verdict(Outcome.ERROR, "error")


_BY_FINISH = {
    "refusal": Verdict(Outcome.REFUSED, "finish_refusal"),
    "content_filter": Verdict(Outcome.FILTERED, "finish_content_filter"),
    "length": Verdict(Outcome.TRUNCATED, "finish_length"),
    "error": Verdict(Outcome.ERROR, "finish_error"),
}
OK = Verdict(Outcome.OK, "")


def judge_finish(finish: str, raw: str = "") -> Verdict:
    """What a finish reason (canonical, and as written) says; :data:`OK` where it says nothing bad."""
    word = raw.lower()
    if word in TOOL_FAULTS:
        return Verdict(Outcome.TOOL_INVALID, f"finish_{word}")
    if word in FORMAT_FAULTS:
        return Verdict(Outcome.FORMAT_INVALID, f"finish_{word}")
    return _BY_FINISH.get(finish, OK)
