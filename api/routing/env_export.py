"""Routes as environment variables, for what reads nothing else.

``LLM_ROUTE_<ROUTE>_MODEL``, ``_PROVIDER`` (of the largest target), ``_TARGETS`` (``provider/model=percent``, with
commas), ``_FALLBACKS`` and ``_VERSION``. Values are quoted as a POSIX shell wants them. Routes whose names become the
same one get a digest behind it.
"""

import hashlib
import json
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence

from api.routing.exported import Exported, shadow_notes, used
from api.routing.models import RouteItem, TargetItem
from api.routing.providers import variable

_PREFIX = "LLM_ROUTE"


def env_export(routes: Sequence[RouteItem]) -> Exported:
    """A line a variable, with the name of the route before them."""
    taken = Counter(variable(route.route) for route in routes)
    lines = [line for route in routes for line in _lines(route, taken[variable(route.route)] == 1)]
    return Exported("".join(f"{line}\n" for line in lines), tuple(shadow_notes(routes, "the form env")))


def _lines(route: RouteItem, is_unique: bool) -> Iterator[str]:
    name = _name(route.route, is_unique)
    targets = used(route.targets)
    yield f"# {json.dumps(route.route)}, {route.source}"
    yield f"{name}_VERSION={route.version}"
    if targets:
        yield f"{name}_MODEL={shlex.quote(targets[0].model)}"
        yield f"{name}_PROVIDER={shlex.quote(targets[0].provider)}"
        yield f"{name}_TARGETS={shlex.quote(','.join(f'{_word(one)}={one.weight}' for one in targets))}"
    if route.fallbacks:
        yield f"{name}_FALLBACKS={shlex.quote(','.join(map(_word, route.fallbacks)))}"


def _name(route: str, is_unique: bool) -> str:
    word = variable(route)
    digest = hashlib.sha256(route.encode()).hexdigest()[:8].upper()
    parts = [_PREFIX, word] if word and is_unique else [_PREFIX, word, digest]
    return "_".join(part for part in parts if part)


def _word(target: TargetItem) -> str:
    return f"{target.provider}/{target.model}" if target.provider else target.model
