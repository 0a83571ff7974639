"""The address of a page: what its query string asks, and links to the same page that ask something else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlencode

from pydantic import TypeAdapter, ValidationError

from api.filters import Chosen, aware
from api.problems import Problem

Asked = TypeVar("Asked")
_LISTS = frozenset(field.name for field in fields(Chosen))
"""Parameters that may be repeated."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Address:
    """Path and parameters of a page, in their order. What was left empty in a form is not asked."""

    path: str
    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, path: str, pairs: Iterable[tuple[str, str]]) -> "Address":
        """From a request's path and the pairs of its query string."""
        return cls(path, tuple((name, value.strip()) for name, value in pairs if value.strip()))

    def check_known(self, names: Iterable[str]) -> None:
        """Raises :class:`Problem` (422) for a parameter that the page does not have: a misspelt one asks nothing."""
        known = frozenset(names)
        for name, _ in self.pairs:
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                raise _unfit(f"there is no parameter {name[:_SHOWN]!r}; there are {there}.")

    def one(self, name: str, default: str = "") -> str:
        """The last value of ``name``."""
        return next((value for known, value in reversed(self.pairs) if known == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of ``name``, each once."""
        return tuple(dict.fromkeys(value for known, value in self.pairs if known == name))

    def whole(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to ``most``. Raises :class:`Problem` (422) for anything else."""
        text = self.one(name)
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > len(str(most)) or not 1 <= int(text) <= most:
            raise _unfit(f"{name} is {text[:_SHOWN]!r}: use a whole number from 1 to {most:,}.")
        return int(text)

    def choice(self, name: str, words: Iterable[str], default: str) -> str:
        """One of ``words``. Raises :class:`Problem` (422) for anything else."""
        text, known = self.one(name, default), tuple(words)
        if text not in known:
            raise _unfit(f"{name} is {text[:_SHOWN]!r}: use one of {', '.join(word for word in known if word)}.")
        return text

    def moment(self, name: str) -> datetime | None:
        """A time, of which a missing zone means UTC, as the form says. Raises :class:`Problem` (422) for none."""
        text = self.one(name)
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise _unfit(f"{name} is {text[:_SHOWN]!r}: write 2026-01-31T12:00, in UTC.") from None
        return aware(found if found.tzinfo else found.replace(tzinfo=UTC), name)

    def read(self, kind: type[Asked]) -> Asked:
        """The parameters that the fields of dataclass ``kind`` name, within the bounds that the API sets for them.

        Raises :class:`Problem` (422) that names each one that does not fit.
        """
        names = {field.name for field in fields(cast(Any, kind))}
        return validated(kind, {name: self._value(name) for name, _ in self.pairs if name in names})

    def _value(self, name: str) -> Any:
        return list(self.all(name)) if name in _LISTS else self.one(name)

    def link(self, path: str = "", /, **changes: str | Iterable[str] | None) -> str:
        """The address with other parameters; None leaves one out. ``path`` is another page with the same ones."""
        kept = [(name, value) for name, value in self.pairs if name not in changes]
        for name, value in changes.items():
            values = () if value is None else (value,) if isinstance(value, str) else value
            kept.extend((name, one) for one in values)
        return href(path or self.path, kept)

    def only(self, names: Iterable[str]) -> "Address":
        """The same page with the parameters of ``names`` alone."""
        known = frozenset(names)
        return Address(self.path, tuple(pair for pair in self.pairs if pair[0] in known))

    def without(self, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """The other parameters: what a form that asks for ``names`` carries along."""
        left_out = frozenset(names)
        return tuple(pair for pair in self.pairs if pair[0] not in left_out)


def href(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """An address, written for an attribute of HTML that the template escapes."""
    query = urlencode(list(pairs), quote_via=quote)
    return f"{path}?{query}" if query else path


def validated(kind: type[Asked], values: Mapping[str, Any]) -> Asked:
    """``values`` as a ``kind`` (a dataclass or model). Raises :class:`Problem` (422), each place with its message."""
    try:
        # A class is hashable, which the type checker does not see of a variable one.
        return cast(Asked, _adapter(cast(Any, kind)).validate_python(dict(values)))
    except ValidationError as error:
        places = "; ".join(_told(one) for one in error.errors(include_url=False))
        raise _unfit(f"{places}.") from None


def _told(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']}" if place else str(error["msg"])


@lru_cache(maxsize=32)
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _unfit(detail: str) -> Problem:
    return Problem(422, "A parameter does not fit", detail)
