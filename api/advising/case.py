"""One route under consideration, and the ways its advice can end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.advising.advice import Advice, Decision, Finding, NextStep, Reason
from api.advising.considered import Considered, Status
from api.advising.facts import Assumed, Away, Moving, Option, RouteFacts
from api.advising.margins import margins
from api.advising.next_step import (
    follow_step,
    migrate_step,
    plan_step,
    probe_step,
    re_route_step,
    state_step,
    stay_step,
    test_step,
    wait_step,
)
from api.advising.remarks import back_when, move_back, risks, unknown_things
from api.advising.trial import Trial, trial

_MOST_NAMED = 3
_WORDS = {
    Reason.DEGRADED: "degraded: re-routed on advice",
    Reason.RECOVERED: "well again: moved back on advice",
}
"""What a re-route says in the log of the weights."""


@dataclass(frozen=True, slots=True)
class Case:
    """A route with a model of now, its candidates judged."""

    facts: RouteFacts
    current: Option
    assumed: Assumed
    considered: tuple[Considered, ...]

    @property
    def fitting(self) -> list[Considered]:
        """Those that nothing speaks against, the best first; what another one dominates comes last."""
        return sorted((one for one in self.considered if one.fits), key=lambda one: bool(one.dominated_by))

    def stay(self, reason: Reason, why: str) -> Advice:
        """Nothing to do."""
        return self._advice(Finding(Decision.STAY, reason, why), None, stay_step())

    def go(self, finding: Finding, target: Considered) -> Advice:
        """Move to ``target``."""
        if finding.decision is not Decision.RE_ROUTE:
            return self._advice(finding, target, migrate_step(self.facts, target, finding.reason))
        return self._advice(finding, target, re_route_step(self.facts, target, _WORDS[finding.reason]))

    def follow(self, finding: Finding, moving: Moving) -> Advice:
        """Nothing to do but to look at the migration that is under way."""
        return self._advice(finding, None, follow_step(moving))

    def wait(self, finding: Finding, left: Away) -> Advice:
        """Stay where calls were re-routed to, with an eye on what was left."""
        step = wait_step(back_when(left)) if left.share else probe_step(self.facts, left)
        return replace(self._advice(finding, None, step), move_back=back_when(left))

    def test(self, finding: Finding, target: Considered) -> Advice:
        """Find out about ``target`` first."""
        plan = trial(target.option, self.facts.traffic, margins(self.facts.needs.effective))
        if finding.decision is Decision.STAY:
            return self._advice(finding, target, test_step(self.facts, target, plan), plan)
        return self._advice(finding, target, plan_step(self.facts, target, plan, finding.reason), plan)

    def without(self, finding: Finding) -> Advice:
        """Nothing fits: say what rejects most."""
        what = f"No candidate fits{mostly_rejected_by(self.considered)}. "
        step = state_step(self.facts, f"{what}Change a requirement, or state what is not known.")
        return self._advice(finding, None, step)

    def _advice(self, finding: Finding, target: Considered | None, step: NextStep, plan: Trial | None = None) -> Advice:
        moves = target is not None and plan is None
        return Advice(
            self.facts.route,
            finding,
            self.current.model,
            target=target,
            considered=self.considered,
            trial=plan,
            move_back=move_back(self.current) if finding.reason is Reason.DEGRADED else "",
            risks=risks(self.facts, self.current, target if moves else None, self.assumed),
            unknown=unknown_things(self.facts, self.current, target),
            next_step=step,
        )


def mostly_rejected_by(considered: Sequence[Considered]) -> str:
    """Which constraints rule out how many, in words that go on after "nothing fits"."""
    out = [one.objections[0].constraint for one in considered if one.status is Status.REJECTED]
    missing = [one.objections[0].constraint for one in considered if one.status is Status.UNKNOWN]
    if not out and not missing:
        return ": none is known"
    found = [f"{_word(word)} rules out {out.count(word)}" for word in _commonest(out)]
    found += [f"{_word(word)} of {missing.count(word)} is not known" for word in _commonest(missing)]
    return ": " + ", ".join(found)


def _commonest(words: Sequence[str]) -> list[str]:
    return sorted(set(words), key=lambda word: (-words.count(word), word))[:_MOST_NAMED]


def _word(constraint: str) -> str:
    return constraint.replace("_", " ")
