"""A scripted stand-in for OpenAI, Anthropic and Google Gemini on loopback, for the vendors' real clients."""

from tests.sdk.provider.scenario import Api, Scenario, Seen, Tokens
from tests.sdk.provider.server import Provider, serving

__all__ = ["Api", "Provider", "Scenario", "Seen", "Tokens", "serving"]
