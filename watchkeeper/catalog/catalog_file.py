"""The user's own facts: a YAML file that extends and corrects the packages' catalogue.

docs/catalog.md describes the file and carries an example that a test reads.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from watchkeeper.catalog.facts import ModelFacts, Size
from watchkeeper.errors import ConfigError
from watchkeeper.price_names import list_provider
from watchkeeper.yaml_file import faults, read_yaml

_MOST_ENTRIES = 5_000
_MOST_TOKENS = 2**32 - 1
Word = Annotated[str, Field(min_length=1, max_length=300)]
Tokens = Annotated[int, Field(ge=1, le=_MOST_TOKENS)]
Modality = Literal["text", "image", "audio", "video", "pdf"]


class _Entry(BaseModel):
    """One model; what is left out stays as the packages say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Word
    model: Word
    name: str = Field("", max_length=300)
    family: str = Field("", max_length=300)
    input_modalities: tuple[Modality, ...] | None = None
    output_modalities: tuple[Modality, ...] | None = None
    tools: bool | None = None
    structured_output: bool | None = None
    reasoning: bool | None = None
    open_weights: bool | None = None
    context_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    released: date | None = None
    deprecated: bool | None = None
    deprecation_date: date | None = None
    retirement_date: date | None = None
    replacement: str = Field("", max_length=300)
    size: Size | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.deprecation_date and self.retirement_date and self.deprecation_date > self.retirement_date:
            raise ValueError(
                "`deprecation_date` must not be after `retirement_date`, the first day on which calls fail"
            )
        return self

    def facts(self, source: str) -> ModelFacts:
        stated = self.model_dump(exclude={"provider", "released"})
        return ModelFacts(
            provider=list_provider(self.provider),
            released=self.released.isoformat() if self.released else "",
            sources=(source,),
            **stated,
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[str, Field(min_length=1, max_length=100)]
    models: Annotated[tuple[_Entry, ...], Field(max_length=_MOST_ENTRIES)] = ()


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """A checked catalogue file."""

    version: str = ""
    models: tuple[ModelFacts, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read ``path``. Raises :class:`ConfigError` naming the file, the place inside it and the mend."""
        return cls.parse(read_yaml(path, "catalogue file"), path)

    @classmethod
    def parse(cls, raw: Any, path: Path) -> Self:
        """Check what ``path`` says. Raises :class:`ConfigError` as :meth:`load` does, also for a model named twice."""
        if not isinstance(raw, dict):
            raise ConfigError(f"catalogue file {path} must be a mapping: `version`, `models` (docs/catalog.md)")
        try:
            file = _File.model_validate(raw)
        except ValidationError as error:
            raise ConfigError(f"catalogue file {path} is wrong: {faults(error)} (docs/catalog.md)") from None
        models = tuple(entry.facts(f"file:{file.version}") for entry in file.models)
        seen: dict[tuple[str, str], int] = {}
        for number, model in enumerate(models):
            if (earlier := seen.setdefault(model.key, number)) != number:
                raise ConfigError(
                    f"catalogue file {path} is wrong: models[{number}] is models[{earlier}] again "
                    f"({model.provider}, {model.model}): keep one of them"
                )
        return cls(file.version, models)
