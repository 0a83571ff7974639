"""Better, not worse, worse, cannot tell: what an interval says against a margin, and how many calls it still takes."""

import math
from dataclasses import dataclass
from enum import StrEnum

from api.comparing.effects import Effect
from api.comparing.sequence import half_width, information_for, needed

FEWEST_CALLS = 50
"""Of either cohort, below which nothing is said."""
LEAST_OVERLAP = 0.5
FEWEST_BLOCKS = 6
"""Of time, of either cohort: what fewer have in common cannot be told from the model."""
_TUNED_AT = 3.0
"""The interval is narrowest when it is so many margins wide to either side: a large difference is then found with two
thirds of the calls that one margin would ask for, and to show that there is none takes a tenth more."""


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

    ``margin`` (> 0, same unit as the effect): a candidate that is worse by less is *not worse*. Better: the interval
    lies below 0. Not worse: it lies below the margin. Worse: it lies above 0, and what is most likely is more than the
    margin; surely worse but probably by less than the margin cannot be told yet.
    """
    width = half_width(effect.information, alpha, _tuned(margin, alpha))
    low, high = effect.estimate - width, effect.estimate + width
    too_little = _too_little(effect)
    verdict, reason = (Verdict.CANNOT_TELL, too_little) if too_little else _read(effect.estimate, (low, high), margin)
    still = None
    if verdict is Verdict.CANNOT_TELL and effect.overlap >= LEAST_OVERLAP:
        still = _calls_needed(effect, margin, alpha)
    return Judged(verdict, effect, low, high, margin, reason, still)


def _too_little(effect: Effect) -> str:
    """Why nothing can be said whatever the interval is; empty where something can."""
    if min(effect.calls) < FEWEST_CALLS:
        return f"{min(effect.calls)} comparable calls in the smaller cohort, {FEWEST_CALLS} are the least"
    if effect.overlap < LEAST_OVERLAP:
        return f"only {effect.overlap:.0%} of the calls have like calls in the other cohort"
    if effect.blocks < FEWEST_BLOCKS:
        return (
            f"calls in {effect.blocks} blocks of time only, {FEWEST_BLOCKS} are the least to tell a model from its load"
        )
    return ""


def _tuned(margin: float, alpha: float) -> float:
    return information_for(_TUNED_AT * margin, alpha)


def together(judged: list[Judged]) -> Verdict:
    """Over metrics: worse if any is; cannot tell if any cannot be told; better if any is and none is worse."""
    verdicts = {one.verdict for one in judged}
    for verdict in (Verdict.WORSE, Verdict.CANNOT_TELL, Verdict.BETTER):
        if verdict in verdicts:
            return verdict
    return Verdict.NOT_WORSE if verdicts else Verdict.CANNOT_TELL


def _read(estimate: float, interval: tuple[float, float], margin: float) -> tuple[Verdict, str]:
    low, high = interval
    if high < 0:
        return Verdict.BETTER, "the whole interval is on the better side"
    if high <= margin:
        return Verdict.NOT_WORSE, "the whole interval is better than the margin"
    if low > 0 and estimate > margin:
        return Verdict.WORSE, "the whole interval is on the worse side, and most likely it is more than the margin"
    if low > 0:
        return Verdict.CANNOT_TELL, "surely worse, but by less or by more than the margin cannot be told"
    return Verdict.CANNOT_TELL, "the interval holds both no difference and more than the margin"


def _calls_needed(effect: Effect, margin: float, alpha: float) -> int | None:
    """As many calls of the smaller cohort as make the interval end at 0 (worse) or at the margin (not worse)."""
    room = effect.estimate if effect.estimate > margin else margin - effect.estimate
    factor = needed(effect.information, room, alpha, _tuned(margin, alpha))
    calls = min(effect.calls)
    return None if factor is None or not calls else max(FEWEST_CALLS, math.ceil(calls * factor))
