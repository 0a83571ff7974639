"""What is seen of a migration under way: the last minutes, and the phase so far."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from api.comparing.compare import MARGINS, compare
from api.comparing.replacing import REPLACING
from api.comparing.verdict import Verdict
from api.kept import Kept
from api.migrating.comparison_words import in_words
from api.migrating.decide import NOTHING_YET, Progress
from api.migrating.evidence import Satisfaction, satisfaction
from api.migrating.phases import ALONE, Phase, gate
from api.migrating.standing import Standing
from api.migrating.triggers import Seen, limits_of
from api.migrating.worse_hours import worse_hours
from watchkeeper.clock import Clock
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.comparison_cells import comparison_cells
from watchkeeper.storage.model_migrations import Served, decisions
from watchkeeper.storage.route_arms import (
    ArmWindow,
    RouteArm,
    Scores,
    Shadowed,
    baseline_hours,
    newest_call,
    route_arms,
    route_scores,
)

LEVEL = 0.01
"""Of the comparison in one phase, so that of 100 migrations at most 6 get a wrong verdict in any of the six phases."""
HISTORY = timedelta(days=7)
"""Of the baseline, before it had no calls of its own any more."""
_LONGEST = timedelta(days=14)
"""Of a phase is looked at, back from now."""
_NEWEST_WITHIN = timedelta(hours=1)
_ELSEWHERE = f"the baseline in the worse hours of its last {HISTORY.days} days"
LAST_DAYS = f"the baseline in its last {HISTORY.days} days"
_DAY = timedelta(days=1)
_WHEN_WHOLE = "compared with the baseline's last days once a whole day has passed"
_NOT_SHADOWS = ("", "primary", "canary", "control")


@dataclass(frozen=True, slots=True)
class Noticed:
    """The phase so far."""

    progress: Progress
    seen: Seen


class Watching:
    """Reads what both models of a migration did. One query for the last minutes; several for the phase so far."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._history: Kept[RouteArm] = Kept(clock, fresh_s=3_600)
        self._alone_since: Kept[datetime] = Kept(clock, fresh_s=86_400)

    def last_minutes(self, standing: Standing, now: datetime) -> Seen | None:
        """The window of the triggers; None: no call within the last hour.

        It ends with the newest call of either model that is stored. So calls that come late, as they do when the
        collector lags, are seen as they would have been in time.
        """
        migration = standing.migration
        window = self._window(standing, max(now - _NEWEST_WITHIN, migration.created_at), now)
        newest = newest_call(self._store, window)
        if newest is None:
            return None
        length = timedelta(seconds=limits_of(migration.limits).window_s)
        window = replace(window, begin=max(newest - length, window.begin), end=newest)
        words = f"the last {length.total_seconds() / 60:g} minutes"
        return self._seen(standing, window, words)

    def of_phase(self, standing: Standing, until: datetime) -> Seen:
        """Both models from the begin of the phase that ``standing`` is in, until then, as a report tells it.

        Without calls of the baseline at the same time all of its last days are told, not the worse hours alone: those
        are there for triggers, and would flatter the candidate.
        """
        window = self._window(standing, standing.last.phase_began_at, until)
        found = _most_given(route_scores(self._store, self._scored(standing, window), standing.migration.score))
        old, new = route_arms(self._store, window)
        if standing.phase not in ALONE and old.calls:
            return Seen("this phase", old, new, found)
        last_days = self._last_days(standing, window)
        return Seen(LAST_DAYS, route_arms(self._store, last_days)[0], new, found)

    def so_far(self, standing: Standing, now: datetime) -> Noticed:
        """The phase since it began, compared."""
        began = max(standing.last.phase_began_at, now - _LONGEST)
        window = self._window(standing, began, now)
        seen = self._seen(standing, window, "this phase so far")
        concurrent = route_arms(self._store, window)[0] if standing.phase in ALONE else seen.baseline
        found = route_scores(self._store, self._scored(standing, window), standing.migration.score)
        seen = replace(seen, satisfaction=_most_given(found))
        verdict, words = self._compared(standing, window, seen)
        return Noticed(Progress(seen.candidate.calls, concurrent.calls, verdict, words), seen)

    def _window(self, standing: Standing, begin: datetime, end: datetime) -> ArmWindow:
        migration = standing.migration
        shadowed = {Phase.EVALUATION: Shadowed.ANY, Phase.SHADOW: Shadowed.ONLY}.get(standing.phase, Shadowed.NO)
        return ArmWindow(migration.route, migration.baseline, migration.candidate, begin, end, shadowed)

    def _scored(self, standing: Standing, window: ArmWindow) -> ArmWindow:
        """Feedback on the baseline's last days too, where it has no calls any more."""
        if standing.phase not in ALONE:
            return window
        return replace(window, begin=self._alone_from(standing) - HISTORY)

    def _seen(self, standing: Standing, window: ArmWindow, words: str) -> Seen:
        old, new = route_arms(self._store, window)
        if standing.phase in ALONE or not old.calls:
            return Seen(f"{words}, {_ELSEWHERE}", self._past(standing, window), new)
        return Seen(words, old, new)

    def _past(self, standing: Standing, window: ArmWindow) -> RouteArm:
        """The baseline as it was in the worse hours of its last days."""

        def read() -> RouteArm:
            whole = self._last_days(standing, window)
            return worse_hours(baseline_hours(self._store, whole), route_arms(self._store, whole)[0])

        return self._history.get((standing.migration.id, standing.phase in ALONE), read)

    def _last_days(self, standing: Standing, window: ArmWindow) -> ArmWindow:
        until = self._alone_from(standing)
        return replace(window, begin=until - HISTORY, end=until)

    def _alone_from(self, standing: Standing) -> datetime:
        """When the candidate got all calls; for earlier phases, when the migration began."""
        if standing.phase not in ALONE:
            return standing.migration.created_at

        def read() -> datetime:
            log = decisions(self._store, standing.migration.id)
            return next(one.phase_began_at for one in log if one.phase in ALONE)

        return self._alone_since.get(standing.migration.id, read)

    def _compared(self, standing: Standing, window: ArmWindow, seen: Seen) -> tuple[Verdict, str]:
        wanted = gate(standing.phase, standing.migration.gates)
        if not wanted.verdict:
            return Verdict.CANNOT_TELL, "no comparison is asked for"
        baseline, candidate = self._filters(standing, window, seen)
        if baseline.begin >= baseline.end or candidate.begin >= candidate.end:
            alone = standing.phase in ALONE
            return Verdict.CANNOT_TELL, _WHEN_WHOLE if alone else NOTHING_YET.words
        margins = {
            name: replace(one, relative=one.relative * wanted.margin, absolute=one.absolute * wanted.margin)
            for name, one in MARGINS.items()
        }
        old, new = (comparison_cells(self._store, one) for one in (baseline, candidate))
        found = compare(old, new, REPLACING, margins, LEVEL)
        return found.verdict, in_words(found)

    def _filters(self, standing: Standing, window: ArmWindow, seen: Seen) -> tuple[CallFilter, CallFilter]:
        """Which calls are compared; without a baseline at the same time whole days, as load differs within one."""
        migration = standing.migration
        old_begin, old_end, begin, end = window.begin, window.end, window.begin, window.end
        if standing.phase in ALONE:
            old_end = self._alone_from(standing)
            old_begin, end = old_end - HISTORY, begin + (end - begin) // _DAY * _DAY
        variants = {Shadowed.NO: _NOT_SHADOWS, Shadowed.ONLY: ("shadow",), Shadowed.ANY: ()}[window.shadowed]
        return (
            _filter(
                migration.route, migration.baseline, seen.baseline, CallFilter(old_begin, old_end, variant=_NOT_SHADOWS)
            ),
            _filter(migration.route, migration.candidate, seen.candidate, CallFilter(begin, end, variant=variants)),
        )


def _filter(route: str, served: Served, arm: RouteArm, period: CallFilter) -> CallFilter:
    chosen = replace(period, route=(route,), provider=(served.provider,))
    if arm.by_request or not arm.calls:
        return replace(chosen, request_model=(served.model,))
    return replace(chosen, model=(served.model,))


def _most_given(found: Mapping[str, tuple[Scores | None, Scores | None]]) -> Satisfaction | None:
    """Of the feedback that both models have, the one with the most scores at the model that has fewer."""
    both = [(min(old.count, new.count), name, old, new) for name, (old, new) in sorted(found.items()) if old and new]
    if not both:
        return None
    _, name, old, new = max(both, key=lambda one: one[0])
    return satisfaction(name, old, new)
