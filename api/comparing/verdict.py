"""Better, not worse, worse, cannot tell: what an interval says against a margin, and how many calls it still takes."""

import math
from dataclasses import dataclass
from enum import StrEnum

from api.comparing.effects import Effect
from api.comparing.sequence import half_width, information_for, needed

FEWEST_CALLS = 50
"""Of either cohort, below which nothing is said."""
LEAST_OVERLAP = 0.5


class Verdict(StrEnum):
    """Of one metric, or of all."""

    BETTER = "better"
    NOT_WORSE = "not_worse"
    WORSE = "worse"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Judged:
    """One metric. A positive effect is worse; ``low`` and ``high`` hold at all looks together."""

    verdict: Verdict
    effect: Effect
    low: float
    high: float
    margin: float
    reason: str
    calls_needed: int | None
    """Of either cohort, in all, for a verdict at the effect seen so far; None where that cannot be foreseen."""


def judge(effect: Effect, margin: float, alpha: float) -> Judged:
    """The verdict at level ``alpha``: the chance of a wrong "better" or "worse" at any look is at most that.

    ``margin`` (> 0, same unit as the effect): a candidate that is worse by less is *not worse*. Worse: the interval
    lies above 0 and not below the margin. Better: it lies below 0.
    """
    tuned = information_for(margin, alpha)
    width = half_width(effect.information, alpha, tuned)
    low, high = effect.estimate - width, effect.estimate + width
    if min(effect.calls) < FEWEST_CALLS:
        reason = f"{min(effect.calls)} comparable calls in the smaller cohort, {FEWEST_CALLS} are the least"
        return Judged(Verdict.CANNOT_TELL, effect, low, high, margin, reason, _calls_needed(effect, margin, alpha))
    if effect.overlap < LEAST_OVERLAP:
        reason = f"only {effect.overlap:.0%} of the calls have like calls in the other cohort"
        return Judged(Verdict.CANNOT_TELL, effect, low, high, margin, reason, None)
    verdict, reason = _read(low, high, margin)
    still = _calls_needed(effect, margin, alpha) if verdict is Verdict.CANNOT_TELL else None
    return Judged(verdict, effect, low, high, margin, reason, still)


def together(judged: list[Judged]) -> Verdict:
    """Over metrics: worse if any is; cannot tell if any cannot be told; better if any is and none is worse."""
    verdicts = {one.verdict for one in judged}
    for verdict in (Verdict.WORSE, Verdict.CANNOT_TELL, Verdict.BETTER):
        if verdict in verdicts:
            return verdict
    return Verdict.NOT_WORSE if verdicts else Verdict.CANNOT_TELL


def _read(low: float, high: float, margin: float) -> tuple[Verdict, str]:
    if high < 0:
        return Verdict.BETTER, "the whole interval is on the better side"
    if high <= margin:
        return Verdict.NOT_WORSE, "the whole interval is better than the margin"
    if low > 0:
        return Verdict.WORSE, "the whole interval is on the worse side"
    return Verdict.CANNOT_TELL, "the interval holds both no difference and more than the margin"


def _calls_needed(effect: Effect, margin: float, alpha: float) -> int | None:
    """As many calls of the smaller cohort as make the interval end at the nearer of 0 (worse) and the margin."""
    room = max(margin - effect.estimate, effect.estimate)
    factor = needed(effect.information, room, alpha, information_for(margin, alpha))
    calls = min(effect.calls)
    return None if factor is None or not calls else max(FEWEST_CALLS, math.ceil(calls * factor))
