"""Which calls a question is about, and what they may be grouped by: the one place that turns both into SQL."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from watchkeeper.errors import ConfigError
from watchkeeper.schema import Outcome, Variant

_LAST_S = 2**32 - 1
_TAG = re.compile(r"tag:([A-Za-z0-9_.\-]{1,64})")
_TAG_PREFIX = "watchkeeper.tag."

ROLLUP_DIMENSIONS = (
    "service",
    "environment",
    "route",
    "provider",
    "request_model",
    "model",
    "operation",
    "variant",
    "outcome",
    "gateway_cache_hit",
)
"""Kept apart in the rollups."""
CALL_DIMENSIONS = ("tenant", "user_hash", "prompt_name", "prompt_version", "service_tier", "region")
"""Known for each call only; grouping or filtering by them reads ``calls``, which is kept a shorter time."""
CLOSED: Mapping[str, tuple[str, ...]] = {
    "outcome": tuple(map(str, Outcome)),
    "variant": tuple(map(str, Variant)),
}
"""Columns that hold one of few words: another word is a mistake, not a question without an answer."""
DIMENSIONS = (*ROLLUP_DIMENSIONS, *CALL_DIMENSIONS)
"""All of them; beside these ``tag:NAME`` for a tag of the application's own."""


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Calls with ``begin <= ts < end`` (aware) whose columns hold one of the given values; empty: any.

    ``tenants`` of a key that sees only some tenants go into ``tenant``.
    """

    begin: datetime
    end: datetime
    service: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    route: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    request_model: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()
    user_hash: tuple[str, ...] = ()
    prompt_name: tuple[str, ...] = ()
    prompt_version: tuple[str, ...] = ()
    service_tier: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """Pairs of tag name and value; all must fit."""

    @property
    def chosen(self) -> dict[str, tuple[str, ...]]:
        """Columns that are restricted, with the values they may have."""
        names = (field.name for field in fields(self) if field.name in DIMENSIONS)
        return {name: values for name in names if (values := getattr(self, name))}

    def fits_rollups(self, group_by: Iterable[str] = ()) -> bool:
        """Do the rollups keep everything apart that is filtered on and grouped by?"""
        return not self.tags and {*self.chosen, *group_by} <= {*ROLLUP_DIMENSIONS}

    def where(self, alias: str, time_column: str = "ts") -> tuple[str, dict[str, Any]]:
        """The condition on ``alias`` and its parameters (names begin with ``f_``).

        ``time_column`` is ``ts`` for ``calls`` and ``bucket`` for a rollup; a rollup's period is widened by the caller.
        """
        conditions = [
            f"{alias}.{time_column} >= {_moment('f_begin', time_column)}",
            f"{alias}.{time_column} < {_moment('f_end', time_column)}",
        ]
        parameters: dict[str, Any] = {
            "f_begin": _place(self.begin, time_column),
            "f_end": _place(self.end, time_column),
        }
        for name, values in self.chosen.items():
            conditions.append(f"{alias}.{name} IN {{f_{name}:Array(String)}}")
            parameters[f"f_{name}"] = list(values)
        for number, (tag, value) in enumerate(self.tags):
            conditions.append(
                f"{alias}.attributes[{{f_tag_{number}:String}}] = {{f_tag_value_{number}:String}}"
                f" AND mapContains({alias}.attributes, {{f_tag_{number}:String}})"
            )
            parameters |= {f"f_tag_{number}": _TAG_PREFIX + tag, f"f_tag_value_{number}": value}
        return " AND ".join(conditions), parameters


def expression(dimension: str, alias: str) -> str:
    """SQL for the value of ``dimension``, as a string. Raises :class:`ConfigError` for what is none."""
    if tag := _TAG.fullmatch(dimension):
        return f"{alias}.attributes['{_TAG_PREFIX}{tag[1]}']"
    if dimension not in DIMENSIONS:
        raise ConfigError(f"cannot group by {dimension!r}: use {', '.join(DIMENSIONS)} or tag:NAME")
    if dimension == "gateway_cache_hit":
        return f"if({alias}.gateway_cache_hit, 'yes', 'no')"
    return f"toString({alias}.{dimension})"


def parse_tags(pairs: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """``NAME=VALUE`` pairs. Raises :class:`ConfigError` for one without ``=`` or with a name no tag can have."""
    return tuple(_pair(pair) for pair in pairs)


def _pair(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals or not _TAG.fullmatch(f"tag:{name}"):
        raise ConfigError(f"{pair!r} is no tag: write NAME=VALUE")
    return name, value


def from_mapping(
    begin: datetime, end: datetime, chosen: Mapping[str, Iterable[str]], *, stored: bool = False
) -> CallFilter:
    """A filter from columns and values, and ``tag`` for NAME=VALUE pairs.

    Raises :class:`ConfigError` for other columns and, unless it was ``stored`` before, for values that a closed set of
    words does not have.
    """
    unknown = sorted({*chosen} - {*DIMENSIONS, "tag"} | {*chosen} & {"gateway_cache_hit"})
    if unknown:
        raise ConfigError(f"cannot filter on {', '.join(unknown)}: use {', '.join(DIMENSIONS)} or tag")
    values: dict[str, Any] = {name: tuple(given) for name, given in chosen.items() if name != "tag"}
    for name, known in () if stored else CLOSED.items():
        if wrong := sorted({*values.get(name, ())} - {*known}):
            raise ConfigError(f"{name} is {wrong[0][:60]!r}: use {', '.join(known)}")
    return replace(CallFilter(begin, end, tags=parse_tags(chosen.get("tag", ()))), **values)


def _moment(parameter: str, time_column: str) -> str:
    if time_column == "ts":
        return f"fromUnixTimestamp64Micro({{{parameter}:Int64}}, 'UTC')"
    return f"toDateTime({{{parameter}:Int64}}, 'UTC')"


def _place(moment: datetime, time_column: str) -> int:
    seconds = moment.timestamp()
    # ClickHouse's DateTime has 32 bits; what is beyond them would wrap around.
    return round(seconds * 1_000_000) if time_column == "ts" else max(0, min(_LAST_S, int(seconds)))
