"""Providers by the names frameworks give them."""

from __future__ import annotations

from typing import Final

from watchkeeper_sdk.answers.fields import attribute, get, word

_PROVIDERS: Final = {
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "cohere_chat": "cohere",
    "gemini": "gcp.gemini",
    "google_anthropic_vertex": "gcp.vertex_ai",
    "google_genai": "gcp.gemini",
    "google_vertexai": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "moonshot": "moonshot_ai",
    "text-completion-openai": "openai",
    "vertex_ai": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}


def provider_of(name: object) -> str:
    """The ``gen_ai.provider.name`` value for LiteLLM's or LangChain's id of a provider."""
    known = word(name)
    return _PROVIDERS.get(known, known)


def litellm_provider(response: object) -> str:
    """The provider behind an answer of LiteLLM, which keeps it, or the model by its full name, in a private field."""
    hidden = attribute(response, "_hidden_params")
    head, slash, _ = word(get(hidden, "litellm_model_name")).partition("/")
    return provider_of(get(hidden, "custom_llm_provider")) or (provider_of(head) if slash else "")
