"""Names of models as spans carry them: which spellings mean one model, and which name another version of it.

One answer may be called ``gpt-x`` by one instrumentation and ``gpt-x-2026-05-01`` by another; Bedrock, Vertex, Azure,
Hugging Face and gateways wrap names in regions, vendors, paths and revisions. Nothing here knows a list of models.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_NAMES_REMEMBERED = 8_192

_REGION = r"(?:(?:us|us-gov|eu|apac|ap|jp|au|ca|sa|me|af|global)\.)?"
_VENDOR = re.compile(rf"^{_REGION}[a-z][a-z0-9]*\.(?=[a-z])")
_CONTEXT = re.compile(r"\[[^\]]*\]$")
_GATEWAY_TAG = re.compile(r":(?:free|beta|extended|nitro|floor|exacto|online|batch|thinking|latest|default)$")
_BEDROCK_REVISION = re.compile(r"-v(\d+):(\d+)(?::\d+k)?$")
_SPELLED = re.compile(r"-(?:latest|preview|exp|experimental|stable|default|maas)$")
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_VERSIONS = (
    re.compile(r"-(20\d\d)-(0[1-9]|1[0-2])-([0-2]\d|3[01])$"),
    re.compile(r"-(20\d\d)(0[1-9]|1[0-2])([0-2]\d|3[01])$"),
    re.compile(r"(?<=-preview|.{4}-exp)-(\d\d)-(\d\d(?:\d\d)?)$"),
    re.compile(r"-(\d{4})$"),
    re.compile(r"-(00\d)$"),
)
"""Dates and numbers with which vendors name a snapshot, from the end of a name."""


class ModelName(NamedTuple):
    """A name taken apart; ``version`` and ``revision`` are empty where the name does not state them."""

    family: str
    version: str
    revision: str


@lru_cache(_NAMES_REMEMBERED)
def parsed(name: str) -> ModelName:
    """``name`` in its parts, e.g. ``us.anthropic.claude-x-20250514-v1:0`` = (``claude-x``, ``20250514``, ``1:0``)."""
    bare, revision = _without_revision(_unwrapped(name))
    version = ""
    while True:
        bare, found = _without_version(bare)
        version = version or found
        shorter = _SPELLED.sub("", bare)
        if shorter == bare and not found:
            return ModelName(bare, version, revision)
        bare = shorter


def family(name: str) -> str:
    """``name`` without namespace, date, version and revision: what stays the same when a snapshot is replaced."""
    return parsed(name).family


def same_model(one: str, other: str) -> bool:
    """May both names be said of the same answer? A name that states no version agrees with every version."""
    left, right = parsed(one), parsed(other)
    return (
        left.family == right.family
        and _agree(left.version, right.version)
        and (left.revision == right.revision or not (left.revision and right.revision))
    )


def is_exact(name: str) -> bool:
    """Does the name state a version, so that the provider cannot quietly serve another one under it?"""
    return bool(parsed(name).version)


def _unwrapped(name: str) -> str:
    plain = name.strip().lower()
    if plain.startswith("ft:"):
        return plain  # a tuned model is named by owner and id: nothing in there is a wrapping
    plain = plain.rsplit("/", 1)[-1]
    plain = _CONTEXT.sub("", _VENDOR.sub("", plain))
    plain = _GATEWAY_TAG.sub("", plain.replace("@", "-"))
    return _POINT.sub("-", plain).replace("gpt-35-", "gpt-3-5-")


def _without_revision(name: str) -> tuple[str, str]:
    found = _BEDROCK_REVISION.search(name)
    return (name[: found.start()], f"{found[1]}:{found[2]}") if found else (name, "")


def _without_version(name: str) -> tuple[str, str]:
    for pattern in _VERSIONS:
        if (found := pattern.search(name)) and found.start() > 0:
            return name[: found.start()], "".join(found.groups())
    return name, ""


def _agree(one: str, other: str) -> bool:
    if not one or not other or one == other:
        return True
    short, long = sorted((one, other), key=len)
    # 0613 of 2023-06-13, 2508 of 2025-08-12: vendors shorten dates to month and day, or to year and month.
    return len(short) == 4 and len(long) == 8 and (long[4:] == short or long[2:6] == short)
