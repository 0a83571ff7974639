"""What other routers call the providers that spans name, and where their keys are.

LiteLLM: https://docs.litellm.ai/docs/providers. OpenRouter: https://openrouter.ai/docs/features/provider-routing.
Portkey: https://portkey.ai/docs/integrations/llms.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProviderNames:
    """One provider. An empty name: that router does not know it, or we do not know its word for it."""

    litellm: str = ""
    portkey: str = ""
    openrouter: str = ""
    """As a host, in ``provider.order``."""
    author: str = ""
    """Of the models, before the slash of OpenRouter's ids; empty where it serves those of many."""
    key: str = ""
    """Environment variable with the key; empty where it is not one."""
    base: str = ""
    """Environment variable with the address, where everybody has one of their own."""


_PROVIDERS = {
    "anthropic": ProviderNames("anthropic", "anthropic", "anthropic", "anthropic", "ANTHROPIC_API_KEY"),
    "aws.bedrock": ProviderNames("bedrock", "bedrock", "amazon-bedrock"),
    "azure.ai.inference": ProviderNames("azure_ai", "azure-ai", "azure", "", "AZURE_AI_API_KEY", "AZURE_AI_API_BASE"),
    "azure.ai.openai": ProviderNames("azure", "azure-openai", "azure", "openai", "AZURE_API_KEY", "AZURE_API_BASE"),
    "cohere": ProviderNames("cohere_chat", "cohere", "cohere", "cohere", "COHERE_API_KEY"),
    "deepseek": ProviderNames("deepseek", "deepseek", "deepseek", "deepseek", "DEEPSEEK_API_KEY"),
    "fireworks_ai": ProviderNames("fireworks_ai", "fireworks-ai", "fireworks", "", "FIREWORKS_AI_API_KEY"),
    "gcp.gemini": ProviderNames("gemini", "google", "google-ai-studio", "google", "GEMINI_API_KEY"),
    "gcp.vertex_ai": ProviderNames("vertex_ai", "vertex-ai", "google-vertex", "google"),
    "groq": ProviderNames("groq", "groq", "groq", "", "GROQ_API_KEY"),
    "mistral_ai": ProviderNames("mistral", "mistral-ai", "mistral", "mistralai", "MISTRAL_API_KEY"),
    "moonshot_ai": ProviderNames("moonshot", "moonshot", "moonshotai", "moonshotai", "MOONSHOT_API_KEY"),
    "ollama": ProviderNames("ollama_chat", "ollama", base="OLLAMA_API_BASE"),
    "openai": ProviderNames("openai", "openai", "openai", "openai", "OPENAI_API_KEY"),
    "openrouter": ProviderNames("openrouter", "openrouter", "", "", "OPENROUTER_API_KEY"),
    "perplexity": ProviderNames("perplexity", "perplexity-ai", "perplexity", "perplexity", "PERPLEXITYAI_API_KEY"),
    "together_ai": ProviderNames("together_ai", "together-ai", "together", "", "TOGETHERAI_API_KEY"),
    "vllm": ProviderNames("hosted_vllm", key="HOSTED_VLLM_API_KEY", base="HOSTED_VLLM_API_BASE"),
    "x_ai": ProviderNames("xai", "x-ai", "xai", "x-ai", "XAI_API_KEY"),
}
_NOT_IN_A_VARIABLE = re.compile(r"[^A-Z0-9]+")


def provider_names(provider: str) -> ProviderNames | None:
    """What others call ``provider`` (``gen_ai.provider.name``); None for one that is not in the table."""
    return _PROVIDERS.get(provider)


def variable(text: str) -> str:
    """``text`` as (a part of) the name of an environment variable; may be empty."""
    return _NOT_IN_A_VARIABLE.sub("_", text.upper()).strip("_")
