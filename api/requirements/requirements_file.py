"""Requirements kept in a file: YAML, one entry a route. docs/advice.md carries an example that a test reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.requirements.models import Requirements
from watchkeeper.errors import ConfigError
from watchkeeper.storage.route_requirements import MOST_ROUTES
from watchkeeper.yaml_file import faults, read_yaml


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    routes: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=256)], Requirements], Field(max_length=MOST_ROUTES)
    ]


@dataclass(frozen=True, slots=True)
class RequirementsFile:
    """A checked file; without one no route is in it."""

    routes: Mapping[str, Requirements] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read ``path``. Raises :class:`ConfigError` naming the file, the place inside it and the mend."""
        return cls.parse(read_yaml(path, "requirements file"), path)

    @classmethod
    def parse(cls, raw: Any, path: Path) -> Self:
        """Check what ``path`` says. Raises :class:`ConfigError` as :meth:`load` does."""
        if not isinstance(raw, dict):
            raise ConfigError(f"requirements file {path} must be a mapping with `routes` (docs/advice.md)")
        try:
            return cls(_File.model_validate(raw).routes)
        except ValidationError as error:
            raise ConfigError(f"requirements file {path} is wrong: {faults(error)} (docs/advice.md)") from None
