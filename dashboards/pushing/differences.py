"""Where what Grafana has differs from what it should have."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_NAMES = ("title", "name", "refId", "id")
"""What tells the entries of a list apart, so that a new one in the middle is one difference."""
MISSING = "(missing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """At ``path`` Grafana has ``there`` and should have ``ours``; a further entry of a list has no ``ours``."""

    path: str
    there: Any
    ours: Any


def differences(ours: Any, there: Any, path: str = "") -> Iterator[Difference]:
    """Of each value of ``ours``. Keys that only Grafana knows are its own; what is empty equals what is missing."""
    if isinstance(ours, dict) and isinstance(there, dict):
        for key, value in ours.items():
            yield from differences(value, there.get(key), f"{path}.{key}" if path else key)
    elif isinstance(ours, list) and isinstance(there, list):
        yield from _of_lists(ours, there, path)
    elif ours != there and not (_is_empty(ours) and _is_empty(there)):
        yield Difference(path, there, ours)


def _of_lists(ours: Sequence[Any], there: Sequence[Any], path: str) -> Iterator[Difference]:
    named, found = _by_name(ours), _by_name(there)
    for name in named | found:
        place = f"{path}[{name}]"
        if name in named and name in found:
            yield from differences(named[name], found[name], place)
        else:
            yield Difference(place, found.get(name, MISSING), named.get(name, MISSING))


def _by_name(entries: Sequence[Any]) -> dict[str, Any]:
    """Entries that share a name, such as a heading and its panel, are counted; those without one are numbered."""
    seen: Counter[str] = Counter()
    found: dict[str, Any] = {}
    for place, entry in enumerate(entries):
        name = _name(entry) or str(place)
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name}, {seen[name]}"] = entry
    return found


def _name(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ""
    return next((str(entry[key]) for key in _NAMES if isinstance(entry.get(key), str | int)), "")


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {})
