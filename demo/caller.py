"""Makes one planned call with the vendor's real client, as an application would."""

from typing import Any, Final, Protocol

from demo.applications import PlannedCall

CLIENT_TIMEOUT_S: Final = 4.0
"""Ordinary answers take under 2 s even on a busy machine; a slow one takes longer than this."""

MAX_TOKENS: Final = 512

VERDICT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"category": {"type": "string"}, "urgent": {"type": "boolean"}, "note": {"type": "string"}},
    "required": ["category", "urgent", "note"],
    "additionalProperties": False,
}
"""What a route that wants JSON asks for."""


class Caller(Protocol):
    """Makes calls. Raises nothing for a provider's failure: those are what the demo shows."""

    async def call(self, planned: PlannedCall) -> None:
        """One call, its answer read to the end."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


def prompt(application: str, planned: PlannedCall) -> str:
    """Different for each call: the mock provider tells calls apart by their bytes."""
    return f"[{application} / {planned.workload.route} #{planned.number}] What should we tell this customer?"
