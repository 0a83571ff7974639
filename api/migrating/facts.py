"""The numbers behind a decision, by name, as they are logged."""

from collections.abc import Iterable

from api.migrating.decide import Look
from api.migrating.triggers import Seen
from watchkeeper.storage.route_arms import RouteArm


def facts(look: Look) -> dict[str, float | None]:
    """Of the phase and of each window that was seen: ``window.arm.number``; None: unknown."""
    found: dict[str, float | None] = {
        "phase.hours": look.hours,
        "phase.baseline.calls": look.progress.baseline_calls,
        "phase.candidate.calls": look.progress.candidate_calls,
    }
    for window, seen in (("minutes", look.minutes), ("so_far", look.so_far)):
        found |= _of_window(window, seen) if seen is not None else {}
    return found


def _of_window(window: str, seen: Seen) -> dict[str, float | None]:
    found = dict(_of_arms(window, (("baseline", seen.baseline), ("candidate", seen.candidate))))
    if seen.satisfaction is not None:
        found |= {
            f"{window}.baseline.satisfaction": seen.satisfaction.baseline,
            f"{window}.candidate.satisfaction": seen.satisfaction.candidate,
        }
    return found


def _of_arms(window: str, arms: Iterable[tuple[str, RouteArm]]) -> Iterable[tuple[str, float | None]]:
    for name, arm in arms:
        place = f"{window}.{name}"
        yield f"{place}.calls", arm.calls
        yield f"{place}.errors", arm.errors
        yield f"{place}.error_rate", arm.error_rate
        yield f"{place}.p95_s", arm.p95_s
        yield f"{place}.format_failures", arm.format_failures
        yield f"{place}.cost_per_useful_call", arm.cost_per_useful_call
