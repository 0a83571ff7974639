"""What is watched: one series a (service, route, provider, requested model, served model), and its parent."""

import re
from typing import NamedTuple, Self

from watchkeeper.series_id import ANY, in_words, series_id

__all__ = ["ANY", "SeriesKey", "in_words", "shown"]

_PIECES = re.compile(r"\\[\\|]|[^\\|]+|.", re.DOTALL)


class SeriesKey(NamedTuple):
    """A series. A parent has :data:`ANY` for service, route and served model: one model over all routes."""

    service: str
    route: str
    provider: str
    request_model: str
    model: str

    @property
    def parent(self) -> "SeriesKey":
        """The requested model over all routes and served models."""
        return SeriesKey(ANY, ANY, self.provider, self.request_model, ANY)

    @property
    def is_parent(self) -> bool:
        return self.service == ANY and self.route == ANY

    @property
    def workload(self) -> "SeriesKey":
        """The series whatever model served it: what an application would call one use of one model."""
        return self._replace(model=ANY)

    @property
    def id(self) -> str:
        """Twelve hex digits that name the series in commands and tables."""
        return series_id(*self)

    def __str__(self) -> str:
        """The parts with ``|`` between them; a ``|`` or ``\\`` within a part has a ``\\`` before it."""
        return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of ``str``. Raises :class:`ValueError` unless there are five parts."""
        parts = [""]
        for piece in _PIECES.findall(text):
            if piece == "|":
                parts.append("")
            else:
                parts[-1] += piece[1:] if piece in ("\\\\", "\\|") else piece
        if len(parts) != len(cls._fields):
            raise ValueError(f"{text!r} is no series: write {'|'.join(cls._fields)}")
        return cls(*parts)


def shown(text: str) -> str:
    """The text of a series for people: a series without a single name is told as such."""
    return text if text.strip("|") else "calls that name no service, route or model"
