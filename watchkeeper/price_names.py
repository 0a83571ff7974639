"""From the names that spans carry to the names that price lists know.

Spans name providers in the vocabulary of ``gen_ai.provider.name``, or as LiteLLM and other gateways do;
models come as plain ids, behind a provider prefix, as resource paths or ARNs. Names are only unwrapped here,
never guessed: ``my-gpt-4o`` does not become ``gpt-4o``.
"""

import re

_LIST_PROVIDER: dict[str, str] = {
    # gen_ai.provider.name, newest and older values
    "az_ai_inference": "azure",
    "az_ai_openai": "azure",
    "azure_ai_inference": "azure",
    "azure_ai_openai": "azure",
    "aws_bedrock": "aws",
    "gcp_gemini": "google",
    "gcp_gen_ai": "google",
    "gcp_vertex_ai": "google",
    "gemini": "google",
    "mistral_ai": "mistral",
    "moonshot_ai": "moonshotai",
    "vertex_ai": "google",
    "x_ai": "x-ai",
    "xai": "x-ai",
    # LiteLLM's provider ids and other libraries' words
    "amazon_bedrock": "aws",
    "anthropic_text": "anthropic",
    "azure_openai": "azure",
    "azure_text": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "cohere_chat": "cohere",
    "fireworks_ai": "fireworks",
    "google_genai": "google",
    "google_vertexai": "google",
    "meta_llama": "meta",
    "mistralai": "mistral",
    "moonshot": "moonshotai",
    "text_completion_openai": "openai",
    "together_ai": "together",
    "vertex_ai_beta": "google",
    "voyage": "voyageai",
    "zhipu": "zhipuai",
    "z_ai": "zai",
}

CLIENTS = frozenset({"", "_other", "custom", "litellm", "openai", "unknown"})
"""Providers that say which client made the call rather than who served it: here a model's prefix decides."""

STANDARD = frozenset(
    {"", "auto", "default", "none", "null", "on_demand", "ondemand", "service_tier_unspecified", "standard"}
    | {"standard_only", "traffic_type_unspecified", "unspecified"}
)
_TIER = {"batch_api": "batch", "on_demand_flex": "flex", "on_demand_priority": "priority"}

_PATH = re.compile(r"^(?:projects/[^/]+/(?:locations/[^/]+/)?)?(?:publishers/[^/]+/)?models/")
_COMPACT_DATE = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[-:]|$)")


def list_provider(provider: str) -> str:
    """The id under which genai-prices lists ``provider``, or the name itself in genai-prices' spelling."""
    folded = provider.strip().lower().replace(".", "_").replace("-", "_").replace(" ", "_")
    return _LIST_PROVIDER.get(folded, folded.replace("_", "-"))


def canonical_tier(tier: str) -> str:
    """The tier as price lists name it; empty for every way to say "the standard one"."""
    folded = tier.strip().lower().replace("-", "_").replace(" ", "_")
    return "" if folded in STANDARD else _TIER.get(folded, folded)


def references(request_model: str, model: str) -> tuple[str, ...]:
    """Model names to look up, best first: the served model, then the one asked for.

    The order turns round where the request names the same model more exactly: Bedrock's ``global.`` and
    ``us.`` profiles and OpenRouter's ``:free`` have prices of their own, and answers drop them.
    """
    asked, served = request_model.strip().lower(), model.strip().lower()
    closer = bool(served) and (asked.endswith("." + served) or asked.startswith(served + ":"))
    ordered = (asked, served) if closer else (served, asked)
    return tuple(dict.fromkeys(name for name in ordered if name))


def spellings(reference: str) -> tuple[str, ...]:
    """``reference`` as written, then without the path around it; all lower case."""
    names = [reference]
    if reference.startswith("arn:"):
        names.append(reference.rsplit("/", 1)[-1])
    names.append(_PATH.sub("", reference))
    names += [name.replace("@", "-") for name in names if "@" in name]
    # LiteLLM and OpenRouter write gpt-5.2-20251211 where the lists have gpt-5.2-2025-12-11.
    names += [_COMPACT_DATE.sub(r"-\1-\2-\3", name) for name in names]
    return tuple(dict.fromkeys(names))


def split_prefix(reference: str) -> tuple[str, str]:
    """``("anthropic", "claude-x")`` of ``anthropic/claude-x``; the first is empty without a prefix."""
    prefix, slash, rest = reference.partition("/")
    named = slash and rest and not prefix.startswith("arn:")
    return (list_provider(prefix), rest) if named else ("", reference)
