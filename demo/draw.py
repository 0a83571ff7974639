"""What the mock provider answers to one request: a pure function of the seed and the request's own bytes.

Not of the order of arrival: concurrent clients interleave differently in every run, the answers must not.
"""

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from demo.profiles import Ending, ModelProfile

_SENTENCE = (
    "the order was packed on monday and leaves our house tomorrow your parcel carries a label with the "
    "return address please keep the receipt until the exchange is complete we will write when it arrives"
)
_WORDS = _SENTENCE.split()


class Api(StrEnum):
    """Which provider API a request came through."""

    CHAT = "chat"
    RESPONSES = "responses"
    EMBEDDINGS = "embeddings"
    MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class Ask:
    """The parts of a request that the answer depends on."""

    api: Api
    application: str
    """From the API key: each application has its own."""
    model: str
    digest: str
    """Identifies the call; the automatic retries of one call share it."""
    attempt: int = 1
    stream: bool = False
    include_usage: bool = False
    wants_json: bool = False
    tool: str = ""
    """Name of the first tool offered; empty: none."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A usage block in one accounting: ``input`` and ``output`` include their parts."""

    input: int
    cached: int
    output: int
    reasoning: int


@dataclass(frozen=True, slots=True)
class Reply:
    """One drawn answer, still independent of the API's wire format."""

    ending: Ending
    id: str
    text: str
    tokens: Tokens
    ttft_s: float
    rest_s: float
    """Time from the first token to the last."""
    uses_tool: bool = False

    @property
    def total_s(self) -> float:
        return self.ttft_s + self.rest_s

    def pieces(self, most: int = 8) -> list[str]:
        """The text as a stream sends it."""
        words = self.text.split(" ")
        size = max(1, math.ceil(len(words) / most))
        parts = [" ".join(words[at : at + size]) for at in range(0, len(words), size)]
        return [*(part + " " for part in parts[:-1]), parts[-1]]


def draw(profile: ModelProfile, ask: Ask, seed: int) -> Reply:
    """The answer of ``profile`` to ``ask``; equal arguments give equal answers."""
    rng = Random(f"{seed}/{ask.application}/{ask.digest}/{ask.attempt}")
    ending = _ending(profile, ask, rng.random())
    tokens = _tokens(profile, ask, rng)
    spread = rng.lognormvariate(0.0, profile.sigma)
    ttft_s = profile.slow_s if ending is Ending.SLOW else profile.ttft_ms * min(spread, 4.0) / 1000
    failed = ending in (Ending.RATE_LIMITED, Ending.SERVER_ERROR)
    uses_tool = bool(ask.tool) and ending is Ending.ANSWER and rng.random() < 0.7
    return Reply(
        ending=ending,
        id=f"{rng.getrandbits(96):024x}",
        text=_text(ending, ask, rng),
        tokens=tokens,
        ttft_s=ttft_s,
        rest_s=0.0 if failed else tokens.output * profile.ms_per_token / 1000,
        uses_tool=uses_tool,
    )


def _ending(profile: ModelProfile, ask: Ask, point: float) -> Ending:
    drawn = Ending.ANSWER
    for ending, probability in profile.odds.items():
        if point < probability:
            drawn = ending
            break
        point -= probability
    return drawn if _possible(drawn, ask) else Ending.ANSWER


def _possible(ending: Ending, ask: Ask) -> bool:
    if ask.api is Api.EMBEDDINGS:
        return ending in (Ending.RATE_LIMITED, Ending.SERVER_ERROR, Ending.SLOW)
    if ending is Ending.BROKEN_JSON:
        return ask.wants_json
    if ending is Ending.WORDED_REFUSAL:
        return not ask.wants_json
    if ending is Ending.CONTENT_FILTER:
        return ask.api is not Api.MESSAGES
    return True


def _tokens(profile: ModelProfile, ask: Ask, rng: Random) -> Tokens:
    sent = max(8, round(rng.lognormvariate(math.log(profile.input_tokens), 0.5)))
    cached = (sent // 128) * 128 if rng.random() < profile.cached_share else 0
    if ask.api is Api.EMBEDDINGS:
        return Tokens(sent, 0, 0, 0)
    answer = max(4, round(rng.lognormvariate(math.log(profile.output_tokens), 0.5)))
    thought = 0
    if profile.reasoning_tokens:
        thought = min(600, round(rng.lognormvariate(math.log(profile.reasoning_tokens), 0.4)))
    return Tokens(sent, cached, min(answer, 400) + thought, thought)


def _text(ending: Ending, ask: Ask, rng: Random) -> str:
    if ending in (Ending.REFUSAL, Ending.WORDED_REFUSAL):
        return "I'm sorry, but I can't help with that request."
    sentence = " ".join(rng.choices(_WORDS, k=24))
    if not ask.wants_json:
        return sentence
    verdict = {"category": rng.choice(_WORDS), "urgent": rng.random() < 0.5, "note": sentence}
    whole = json.dumps(verdict)
    if ending is Ending.BROKEN_JSON:
        return f"Sure! Here is what you asked for: {whole[: len(whole) // 2]}"
    return whole[: len(whole) // 2] if ending is Ending.TRUNCATED else whole
