"""The captured requests: which package wrote them, and the numbers and names that stand in each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from demo.history.spans import Capture, Counted

_CAPTURED = Path(__file__).parent / "captured"


class Ending(StrEnum):
    """How a call ends, as far as spans differ by it; the values name the files."""

    ANSWER = "answer"
    REFUSAL = "refusal"
    TRUNCATED = "truncated"
    ERROR = "error"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Dialect:
    """An instrumentation package as captured."""

    folder: str
    counted: Mapping[Ending, Counted]
    """The token counts of the captured answers."""
    asked: tuple[str, ...]
    """Names in the captures of the model that was asked for."""
    served: tuple[str, ...]
    prefix: str = ""
    """Of its files."""
    names_refusals: bool = False
    """A refusal is another capture; else an answer that the SDK has marked."""
    sdk: bool = True
    """The application also uses watchkeeper-sdk, which adds the route and its verdicts."""
    borrowed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Endings that were captured with another provider alone: words of that provider, and what they are here."""

    def capture(self, ending: Ending, words: Mapping[str, str]) -> Capture:
        """The request that was captured for ``ending``."""
        own = _CAPTURED / self.folder / f"{self.prefix}{ending.value}.bin"
        if own.exists() or not self.borrowed:
            return Capture(own.read_bytes(), self.counted.get(ending, Counted()), words)
        other = _CAPTURED / self.folder / f"openai-{ending.value}.bin"
        return Capture(other.read_bytes(), Counted(), {**self.borrowed, **words})


_GPT = (("gpt-4o-mini", "gpt-4o"), ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06"))
_CLAUDE = (("claude-sonnet-4-5",), ("claude-sonnet-4-5-20250929",))
_FLASH = (("gemini-2.5-flash",), ())


def _answers(answer: Counted, truncated: Counted, refusal: Counted | None = None) -> Mapping[Ending, Counted]:
    told = {Ending.ANSWER: answer, Ending.TRUNCATED: truncated}
    return MappingProxyType(told | ({Ending.REFUSAL: refusal} if refusal else {}))


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "otel-genai-openai": Dialect("otel-genai-openai", _answers(Counted(3039, 521), Counted(3078, 542)), *_GPT),
        "openinference-openai": Dialect(
            "openinference-openai", _answers(Counted(3026, 514), Counted(3065, 535)), *_GPT
        ),
        "traceloop-openai": Dialect("traceloop-openai", _answers(Counted(3143, 577), Counted(3065, 535)), *_GPT),
        "otel-google-genai": Dialect("otel-google-genai", _answers(Counted(3143, 577), Counted(3052, 528)), *_FLASH),
        "anthropic-sdk-native": Dialect(
            "anthropic-sdk-native",
            _answers(Counted(4507, 612, 1040, 259), Counted(3078, 542), Counted(3104, 556)),
            *_CLAUDE,
            names_refusals=True,
        ),
        "vercel-ai-sdk": Dialect(
            "vercel-ai-sdk",
            _answers(Counted(3351, 689), Counted(3377, 703), Counted(3390, 710)),
            *_CLAUDE,
            names_refusals=True,
            prefix="anthropic-",
            sdk=False,
            borrowed=MappingProxyType({"openai.chat": "anthropic.messages", "gpt-4o-mini": "claude-sonnet-4-5"}),
        ),
        "vercel-ai-sdk-openai": Dialect(
            "vercel-ai-sdk",
            _answers(Counted(3013, 507), Counted(3039, 521), Counted(3052, 528)),
            *_GPT,
            prefix="openai-",
            names_refusals=True,
            sdk=False,
        ),
    }
)
