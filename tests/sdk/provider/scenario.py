"""What the stand-in is told to do, and what it keeps of every call that it saw."""

import json
import re
from dataclasses import dataclass
from enum import StrEnum

ANSWER_MARK = "marmalade"
"""A word of every worded answer: found anywhere outside the application, content has leaked."""
REFUSAL_TEXT = "I'm sorry, but I can't help with that request."
_ANSWER = f"The parcel with the {ANSWER_MARK} leaves our house tomorrow and arrives on Friday."
_ANSWER_JSON = json.dumps({"item": ANSWER_MARK, "count": 3})
_TOOL_ARGUMENTS = json.dumps({"order": f"{ANSWER_MARK}-7"})


class Api(StrEnum):
    """Which interface a request came through."""

    CHAT = "chat"
    RESPONSES = "responses"
    EMBEDDINGS = "embeddings"
    MESSAGES = "messages"
    GENERATE = "generate"
    GOOGLE_EMBEDDINGS = "google_embeddings"


class Scenario(StrEnum):
    """How the call is to end; named in the prompt as ``scenario: refusal`` or ``scenario: refusal LABEL``."""

    OK = "ok"
    REFUSAL = "refusal"
    """By the provider's own sign: refusal field, stop reason, or (Gemini) a blocked prompt without any candidate."""
    FILTERED = "filtered"
    """Finish reason of the content filter; Anthropic has none and answers HTTP 400."""
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    """No answer until the client goes away, for ten seconds at most."""
    TRUNCATED = "truncated"
    JSON_OK = "json_ok"
    JSON_INVALID = "json_invalid"
    """Prose, also where JSON was asked for."""
    TOOL_CALL = "tool_call"
    """Of the first tool offered."""
    CACHED = "cached"
    REASONING = "reasoning"
    WORDED_REFUSAL = "worded_refusal"
    """An ordinary answer whose words decline."""
    EMPTY = "empty"
    """Ends well, with no text at all."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every number above zero occurs once in a process. ``input`` and ``output`` include their parts."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, and what it was answered."""

    number: int
    api: Api
    scenario: Scenario
    label: str
    """The word after the scenario's name in the prompt."""
    requested_model: str
    served_model: str
    tokens: Tokens
    streamed: bool
    include_usage: bool
    """Does usage go over the wire? Not for every stream."""
    tool: str
    """Name of the first tool offered; empty: none."""
    ttft_s: float | None
    """Planned pause of a stream before its first content."""

    @property
    def id(self) -> str:
        """The part of the response's id that tells calls apart."""
        return f"{self.number:024x}"

    @property
    def text(self) -> str:
        """The answer's words."""
        if self.scenario in (Scenario.REFUSAL, Scenario.WORDED_REFUSAL):
            return REFUSAL_TEXT
        if self.scenario in (Scenario.EMPTY, Scenario.FILTERED):
            return ""
        return _ANSWER_JSON if self.scenario is Scenario.JSON_OK else _ANSWER

    @property
    def tool_arguments(self) -> str:
        return _TOOL_ARGUMENTS

    @property
    def calls_tool(self) -> bool:
        return self.scenario is Scenario.TOOL_CALL and bool(self.tool)

    @property
    def pieces(self) -> list[str]:
        """The text as a stream sends it."""
        return re.findall(r"\S+\s*", self.text)


_NAMED = re.compile(r"scenario: ([a-z_]+)(?: ([\w-]+))?")


def named(body: str) -> tuple[Scenario, str]:
    """The scenario and the label that a request names; the last one counts, so a conversation can go on."""
    found = _NAMED.findall(body)
    return (Scenario(found[-1][0]), found[-1][1]) if found else (Scenario.OK, "")


def tokens_of(number: int, scenario: Scenario, api: Api) -> Tokens:
    """Numbers that no other call has; what is left of a sum without its parts is unique, too (for 1,300 calls)."""
    whole, part = number * 10, number * 20
    if api in (Api.EMBEDDINGS, Api.GOOGLE_EMBEDDINGS):
        return Tokens(40_000 + whole, 0)
    cached, thought = scenario is Scenario.CACHED, scenario is Scenario.REASONING
    return Tokens(
        input=40_000 + whole,
        output=20_001 + whole,
        cache_read=part + 2 if cached else 0,
        cache_write=part + 3 if cached and api is Api.MESSAGES else 0,
        reasoning=part + 4 if thought else 0,
    )
