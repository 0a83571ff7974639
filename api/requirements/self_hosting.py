"""Which providers are machines of one's own."""

from collections.abc import Collection

from watchkeeper.price_names import list_provider

SERVERS = frozenset(
    {"huggingface-tgi", "llama-cpp", "llamafile", "lm-studio", "localai", "ollama", "sglang", "tgi", "triton", "vllm"}
)
"""Software that serves models; spans name it as the provider."""
UNCERTAIN = frozenset({"", "-other", "custom", "litellm", "unknown"})
"""Names that say which client made the call, not who served it."""


def is_self_hosted(provider: str, stated: Collection[str] = ()) -> bool | None:
    """Do calls to ``provider`` stay on machines of one's own? None: its name does not tell.

    ``stated`` are names of providers of which somebody said so.
    """
    name = list_provider(provider)
    if name in SERVERS or name in {list_provider(one) for one in stated}:
        return True
    return None if name in UNCERTAIN else False
