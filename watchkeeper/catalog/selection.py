"""Which models of the catalogue are wanted."""

from dataclasses import dataclass

from watchkeeper.catalog.facts import ModelFacts, Size
from watchkeeper.price_names import list_provider


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that all must hold; what is not known of a model does not fit a condition on it. Empty, None: any."""

    text: str = ""
    """Words that provider, model, name and family contain between them, without regard to case."""
    provider: tuple[str, ...] = ()
    input_modality: tuple[str, ...] = ()
    """All of them."""
    output_modality: tuple[str, ...] = ()
    tools: bool | None = None
    structured_output: bool | None = None
    reasoning: bool | None = None
    open_weights: bool | None = None
    deprecated: bool | None = None
    """False: everything that is not known to be."""
    min_context_tokens: int = 0
    min_output_tokens: int = 0
    size: tuple[Size, ...] = ()
    """Needs the price, so :meth:`~watchkeeper.catalog.catalog.Catalog.search` looks at it, not :meth:`fits`."""

    def fits(self, facts: ModelFacts) -> bool:
        """Do all conditions but ``size`` hold?"""
        return (
            self._named(facts)
            and self._able(facts)
            and (self.deprecated is None or bool(facts.deprecated) is self.deprecated)
            and (facts.context_tokens or 0) >= self.min_context_tokens
            and (facts.output_tokens or 0) >= self.min_output_tokens
        )

    def _named(self, facts: ModelFacts) -> bool:
        if self.provider and facts.provider not in {list_provider(provider) for provider in self.provider}:
            return False
        known = f"{facts.provider} {facts.model} {facts.name} {facts.family}".lower()
        return all(word in known for word in self.text.lower().split())

    def _able(self, facts: ModelFacts) -> bool:
        flags = ("tools", "structured_output", "reasoning", "open_weights")
        return (
            all(getattr(self, name) in (None, getattr(facts, name)) for name in flags)
            and set(self.input_modality) <= set(facts.input_modalities or ())
            and set(self.output_modality) <= set(facts.output_modalities or ())
        )
