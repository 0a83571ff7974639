"""The facts of one model as one provider serves it; None and the empty string are "not known", never "no"."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Size(StrEnum):
    """How much model one gets; :func:`watchkeeper.catalog.sizes.size_of` states the rule."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class ListPrice:
    """Dollars per million tokens as a catalogue states them, undated: for the order of magnitude, not for bills."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model at one provider; ``provider`` in the spelling of :func:`watchkeeper.price_names.list_provider`."""

    provider: str
    model: str
    name: str = ""
    family: str = ""
    input_modalities: tuple[str, ...] | None = None
    output_modalities: tuple[str, ...] | None = None
    tools: bool | None = None
    structured_output: bool | None = None
    reasoning: bool | None = None
    open_weights: bool | None = None
    context_tokens: int | None = None
    """Input and output of one call together."""
    output_tokens: int | None = None
    """Most output of one call."""
    released: str = ""
    """ISO date, or year and month."""
    deprecated: bool | None = None
    deprecation_date: date | None = None
    retirement_date: date | None = None
    """First day on which calls fail."""
    replacement: str = ""
    size: Size | None = None
    """Only where somebody stated it."""
    list_price: ListPrice | None = None
    sources: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Names it: provider and model, lower case."""
        return self.provider, self.model.lower()


def merged(versions: Iterable[ModelFacts]) -> ModelFacts:
    """One model as several sources describe it: of each fact the first that is known. At least one version."""
    first, *others = versions
    for other in others:
        missing: dict[str, Any] = {
            field.name: getattr(other, field.name)
            for field in fields(ModelFacts)
            if getattr(first, field.name) in (None, "", ())
        }
        missing["sources"] = tuple(dict.fromkeys((*first.sources, *other.sources)))
        first = replace(first, **missing)
    return first
