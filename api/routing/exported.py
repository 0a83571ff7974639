"""What an export is made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.routing.models import RouteItem, TargetItem


@dataclass(frozen=True, slots=True)
class Exported:
    """Content of a file, JSON or text, and what somebody who uses it should know."""

    content: Mapping[str, Any] | str
    notes: tuple[str, ...] = ()


def used(targets: Iterable[TargetItem]) -> list[TargetItem]:
    """Those that get calls, the largest first."""
    return sorted((target for target in targets if target.weight), key=lambda target: -target.weight)


def shadow_notes(routes: Iterable[RouteItem], router: str) -> list[str]:
    """Of routes whose shadows a router does not know."""
    return [
        f"{route.route[:80]}: {router} sends no shadow calls; they are left out" for route in routes if route.shadow
    ]
