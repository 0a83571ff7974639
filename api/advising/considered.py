"""Every candidate with what speaks for and against it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from api.advising.constraints import Objection, objections
from api.advising.facts import TIMES, Assumed, Change, Level, Option, RouteFacts
from api.advising.saving import Effort, Saving, effort, saving
from api.comparing.compare import COST
from api.comparing.verdict import Verdict
from api.requirements.inferring import Needs
from api.requirements.models import Accuracy

_RANK = {Level.PROVEN: 0, Level.INDICATED: 1, Level.CATALOGUE_ONLY: 2}


class Status(StrEnum):
    """How a candidate came out."""

    FITS = "fits"
    UNKNOWN = "unknown"
    """It may fit: a fact is missing."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate, judged."""

    option: Option
    objections: tuple[Objection, ...]
    thin: str
    """Why the evidence does not carry a move; empty: it does."""
    saving: Saving | None
    effort: Effort
    dominated_by: str = ""
    """Another candidate that is no worse in anything and better in something."""

    @property
    def status(self) -> Status:
        """See :class:`Status`."""
        if any(one.rejects for one in self.objections):
            return Status.REJECTED
        return Status.UNKNOWN if self.objections else Status.FITS

    @property
    def fits(self) -> bool:
        """Does nothing speak against it?"""
        return self.status is Status.FITS

    @property
    def is_ready(self) -> bool:
        """Does it fit, and does the evidence carry a move?"""
        return self.fits and not self.thin

    @property
    def slower(self) -> str:
        """In what time it is worse, in words, where that is borne because the model of now fails; else empty."""
        changes = self.option.evidence.changes.items()
        worse = [(name, one) for name, one in changes if name in TIMES and one.verdict is Verdict.WORSE]
        return ", ".join(f"{name.replace('_', ' ')} {in_words(one)}" for name, one in worse)

    @property
    def rank(self) -> tuple[int, bool, float, str]:
        """The best first: by evidence, then by the cautious end of the saving.

        Where nothing was measured a smaller model comes last: it is cheaper, and less likely to do the same work.
        """
        level = self.option.evidence.level
        low = float(self.saving.low) if self.saving else float("-inf")
        smaller = self.option.smaller and level is Level.CATALOGUE_ONLY
        return _RANK[level], smaller, -low, str(self.option.model)


def consider(facts: RouteFacts, current: Option, assumed: Assumed) -> tuple[Considered, ...]:
    """All candidates of ``facts``: those that fit first, the best first."""
    judged = [_judged(option, facts, current, assumed) for option in facts.candidates]
    fitting = [one for one in judged if one.fits]
    marked = [replace(one, dominated_by=_dominating(one, fitting)) if one.fits else one for one in judged]
    order = list(Status)
    return tuple(sorted(marked, key=lambda one: (order.index(one.status), one.rank)))


def _judged(option: Option, facts: RouteFacts, current: Option, assumed: Assumed) -> Considered:
    hard = objections(option, facts.needs, facts.now, assumed.notice_days)
    worse = _worse(option, facts.needs, current)
    saved = saving(current, option)
    return Considered(
        option,
        tuple(sorted((*worse, *hard), key=lambda one: not one.rejects)),
        _thin(option, facts.needs),
        saved,
        effort(current, option, saved, assumed),
    )


def _worse(option: Option, needs: Needs, current: Option) -> Iterator[Objection]:
    for name, change in _deciding(option, needs).items():
        if change.verdict is Verdict.WORSE and not _is_bearable(name, option, current):
            yield Objection("evidence", f"worse on {name.replace('_', ' ')}: {in_words(change)}")


def _is_bearable(metric: str, option: Option, current: Option) -> bool:
    """A slower answer is better than none: the comparison is with the days before ``current`` began to fail."""
    return metric in TIMES and current.standing.is_failing and option.evidence.level is Level.PROVEN


def _thin(option: Option, needs: Needs) -> str:
    """Why what was measured is not enough to move on; empty where it is."""
    level = option.evidence.level
    if level is Level.CATALOGUE_ONLY:
        return "it was not seen doing this work in the period"
    if level is Level.INDICATED and needs.effective.accuracy is Accuracy.MUST_BE_CORRECT:
        return "answers must be correct, and it was not compared on this route"
    open_ones = {n: c for n, c in _deciding(option, needs).items() if c.verdict is Verdict.CANNOT_TELL}
    if open_ones:
        name, change = max(open_ones.items(), key=lambda item: item[1].calls_needed or 0)
        return f"{name.replace('_', ' ')} cannot be told: {change.reason}"
    return "" if option.evidence.changes else "nothing could be compared"


def _deciding(option: Option, needs: Needs) -> Mapping[str, Change]:
    """The metrics that decide: cost has a rule of its own, and a stated latency class that is met is enough."""
    out = {COST}
    if needs.is_stated("latency_class") and option.seen.latency_class is not None:
        out |= TIMES
    return {name: change for name, change in option.evidence.changes.items() if name not in out}


def in_words(change: Change) -> str:
    """How much, with the interval."""
    unit = "points" if change.is_rate else "%"
    low, high = (f"{100 * end:+.3g}" for end in (change.low, change.high))
    return f"{100 * change.estimate:+.3g} {unit} ({low} to {high})"


def _dominating(one: Considered, others: list[Considered]) -> str:
    return next((str(other.option.model) for other in others if _dominates(other, one)), "")


def _dominates(one: Considered, other: Considered) -> bool:
    """Pareto: no worse in cost, time and outcomes, and better in one, on evidence as strong.

    What is not known compares with nothing.
    """
    pairs = list(zip(_axes(one.option), _axes(other.option), strict=True))
    weaker = one.rank[0] > other.rank[0]
    if one is other or weaker or any(mine is None or theirs is None for mine, theirs in pairs):
        return False
    known = [(mine, theirs) for mine, theirs in pairs if mine is not None and theirs is not None]
    return all(mine <= theirs for mine, theirs in known) and any(mine < theirs for mine, theirs in known)


def _axes(option: Option) -> tuple[float | None, float | None, float | None]:
    changes = option.evidence.changes
    bad = [change.estimate for change in changes.values() if change.is_rate]
    latency = changes.get("latency")
    return (
        float(option.cost.usd) if option.cost else None,
        latency.estimate if latency else None,
        sum(bad) if bad else None,
    )
