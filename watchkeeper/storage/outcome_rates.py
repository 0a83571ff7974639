"""Rates that outcomes of calls tell: which are bad, and of which calls they are a share."""

from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.schema import Outcome
from watchkeeper.storage.call_meaning import NO_ANSWER

_GIVEN_UP = (str(Outcome.CANCELLED),)


@dataclass(frozen=True, slots=True)
class OutcomeRate:
    """Calls with an outcome of ``bad`` among all but those of ``ignored``. Both as text also a list of SQL."""

    bad: tuple[str, ...]
    ignored: tuple[str, ...] = _GIVEN_UP


FAILURE = OutcomeRate((str(Outcome.ERROR), str(Outcome.TIMEOUT), str(Outcome.RATE_LIMITED)))
"""Errors, timeouts and calls turned away."""
OUTCOME_RATES: Mapping[str, OutcomeRate] = {
    "error": OutcomeRate((str(Outcome.ERROR),)),
    "timeout": OutcomeRate((str(Outcome.TIMEOUT),)),
    "rate_limit": OutcomeRate((str(Outcome.RATE_LIMITED),)),
    "refusal": OutcomeRate((str(Outcome.REFUSED), str(Outcome.FILTERED)), NO_ANSWER),
    "truncation": OutcomeRate((str(Outcome.TRUNCATED),), NO_ANSWER),
    "empty": OutcomeRate((str(Outcome.EMPTY),), NO_ANSWER),
}
"""By the metric of a regression; other metrics are not told by outcomes."""
