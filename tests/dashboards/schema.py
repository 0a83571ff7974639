"""Grafana's published schema, as the classes of its Foundation SDK (11.6) have it.

The classes drop what they do not know and take any value, so that fields are compared after a round trip, and values
are held against the annotations of the classes.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_type_hints

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from pydantic import ConfigDict, TypeAdapter, ValidationError

BESIDE_THE_SCHEMA = {
    "definition": "of a variable: Grafana's list of variables shows it",
    "target": "of an annotation: what the data source's plugin reads, not Grafana",
}
UNREAD = ("transformations",)
"""The classes leave these dictionaries."""

# Else options and field configuration of panels would stay dictionaries.
register_default_plugins()


def faults(schema: Any, ours: Any) -> Iterator[str]:
    """Fields that ``schema`` does not have, values of another type."""
    read = schema.from_json(ours)
    yield from _dropped(ours, json.loads(json.dumps(read, cls=JSONEncoder)), "$")
    yield from _mistyped(read, "$")


def _dropped(ours: Any, read: Any, path: str) -> Iterator[str]:
    """What did not come back as it went; further keys are defaults."""
    if isinstance(ours, dict) and isinstance(read, dict):
        for key in sorted(ours.keys() - BESIDE_THE_SCHEMA.keys()):
            yield from _dropped(ours[key], read.get(key), f"{path}.{key}")
    elif isinstance(ours, list) and isinstance(read, list) and len(ours) == len(read):
        for place, (one, other) in enumerate(zip(ours, read, strict=True)):
            yield from _dropped(one, other, f"{path}[{place}]")
    elif ours != read or type(ours) is not type(read):
        yield f"{path}: {ours!r} came back as {read!r}"


def _mistyped(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for place, one in enumerate(value):
            yield from _mistyped(one, f"{path}[{place}]")
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _mistyped(one, f"{path}.{key}")
    elif type(value).__module__.startswith("grafana_foundation_sdk") and not isinstance(value, str):
        for name, adapter in _fields(value.__class__).items():
            held = getattr(value, name, None)
            if name not in UNREAD and not _fits(adapter, held):
                yield f"{path}.{name}: {held!r} is of another type"
            yield from _mistyped(held, f"{path}.{name}")


@cache
def _fields(kind: Any) -> Mapping[str, TypeAdapter[Any]]:
    hints = get_type_hints(kind.__init__)
    anything = ConfigDict(arbitrary_types_allowed=True)
    return {name: TypeAdapter(hint, config=anything) for name, hint in hints.items() if name != "return"}


def _fits(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        if isinstance(value, str | int):
            # Members of enumerations are read as their plain values.
            adapter.validate_json(json.dumps(value), strict=True)
        else:
            adapter.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True
