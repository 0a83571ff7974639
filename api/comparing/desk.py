"""What the routes of recurring comparisons do: who may see which, versions, results."""

from dataclasses import dataclass, replace
from datetime import datetime

from api.access import Caller
from api.comparing.answer import check
from api.comparing.cohorts import Asking, of_tenants
from api.comparing.models import CohortBody, CompareRequest
from api.comparing.schedule import Comparisons, end, run
from api.comparing.scheduled_models import ComparisonBody, ResultsAnswer, result_row
from api.filters import aware
from api.problems import Problem
from watchkeeper.storage.scheduled_comparisons import (
    MOST_COMPARISONS,
    ComparisonResult,
    ScheduledComparison,
    find_comparison,
    list_comparisons,
    list_results,
    save_comparison,
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Recurring comparisons, as callers of the API see and change them."""

    parts: Comparisons

    def visible(self, caller: Caller) -> list[ScheduledComparison]:
        """Those that ``caller`` may see, by name."""
        return [one for one in list_comparisons(self.parts.reader) if _is_for(one, caller)]

    def present(self, name: str, caller: Caller) -> ScheduledComparison:
        """Raises :class:`Problem` 404 where there is none that the caller may see."""
        found = find_comparison(self.parts.store, name)
        if found is None or found.removed or not _is_for(found, caller):
            raise Problem(404, "No such comparison", f"{name} is not there; GET /v1/comparisons lists what is.")
        return found

    def last(self, name: str) -> ComparisonResult | None:
        """The latest result."""
        found = list_results(self.parts.reader, name, 1)
        return found[0] if found else None

    def results(self, name: str, limit: int, before: datetime | None) -> ResultsAnswer:
        """A page of results, the latest first. Raises :class:`Problem` 422 for a time without a zone."""
        found = list_results(self.parts.reader, name, limit + 1, aware(before, "before") if before else None)
        rows = [result_row(one) for one in found[:limit]]
        return ResultsAnswer(rows=rows, next_before=rows[-1].scheduled_at if len(found) > limit else None)

    def put(self, name: str, body: ComparisonBody, caller: Caller) -> ScheduledComparison:
        """The comparison as it is now; a new version where it was different. Raises :class:`Problem` 403, 409, 422."""
        asked = _of_caller(body.request, caller)
        check(asked, Asking(self.parts.clock.now(), caller.tenants, self.parts.bounds))
        before = find_comparison(self.parts.store, name)
        if before is not None and not _is_for(before, caller):
            raise Problem(409, "The name is taken", f"{name} is a comparison of somebody else: choose another name.")
        request = asked.model_dump_json()
        if before is not None and not before.removed and (before.every, before.request) == (body.every, request):
            return before
        if (before is None or before.removed) and len(list_comparisons(self.parts.store)) >= MOST_COMPARISONS:
            raise Problem(409, "Too many comparisons", f"there are {MOST_COMPARISONS}: remove one first.")
        version = before.version + 1 if before is not None else 1
        made = ScheduledComparison(name, version, body.every, request, caller.name, self.parts.clock.now())
        save_comparison(self.parts.store, made)
        return made

    def run(self, name: str, caller: Caller) -> ComparisonResult:
        """The result of the minute that began last. Raises :class:`Problem` 404."""
        comparison = self.present(name, caller)
        return run(self.parts, comparison, self.parts.clock.now().replace(second=0, microsecond=0))

    def remove(self, name: str, caller: Caller) -> None:
        """Raises :class:`Problem` 404 where there is none."""
        before, now = self.present(name, caller), self.parts.clock.now()
        gone = replace(before, version=before.version + 1, removed=True, changed_by=caller.name, changed_at=now)
        save_comparison(self.parts.store, gone)
        end(self.parts, name)


def _of_caller(asked: CompareRequest, caller: Caller) -> CompareRequest:
    """``asked``, restricted to the caller's tenants for ever. Raises :class:`Problem` 403."""
    sides: dict[str, CohortBody] = {"baseline": asked.baseline, "candidate": asked.candidate}
    own = {
        place: side.model_copy(update={"where": of_tenants(side.where, caller.tenants, place)})
        for place, side in sides.items()
    }
    return asked.model_copy(update=own)


def _is_for(comparison: ScheduledComparison, caller: Caller) -> bool:
    """A key that is bound to tenants sees comparisons of these alone."""
    if not caller.tenants:
        return True
    asked = CompareRequest.model_validate_json(comparison.request)
    own = [set(side.where.get("tenant", [])) for side in (asked.baseline, asked.candidate)]
    return all(own) and set.union(*own) <= set(caller.tenants)
