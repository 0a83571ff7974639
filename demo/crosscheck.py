"""The provider's books against Watchkeeper's: a pure comparison."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from demo.summary import SummaryRow
from demo.truth import ProviderCall
from watchkeeper.schema import Outcome

OUTCOMES = (
    Outcome.RATE_LIMITED,
    Outcome.ERROR,
    Outcome.TIMEOUT,
    Outcome.TRUNCATED,
    Outcome.FILTERED,
    Outcome.REFUSED,
    Outcome.FORMAT_INVALID,
)
"""What the provider's answers can come to, besides success. The last two show only in an answer's text, which never
leaves the application: there the SDK looks at it."""


@dataclass(slots=True)
class Ledger:
    """One side's figures for one service."""

    calls: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both sides counted, and where they differ."""

    seen: int
    stored: int
    problems: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """One line for the reader."""
        if self.problems:
            return "The books do not agree: " + "; ".join(self.problems) + "."
        named = ", ".join(outcome.value for outcome in OUTCOMES)
        return (
            f"The mock provider saw {self.seen:,} calls and Watchkeeper stored {self.stored:,}; "
            f"{named} and all tokens agree exactly."
        )


def compare(calls: Iterable[ProviderCall], rows: Iterable[SummaryRow]) -> Comparison:
    """The provider's ``calls`` against the stored ``rows``, service by service."""
    truth, stored = _of_provider(calls), _of_watchkeeper(rows)
    problems: list[str] = []
    for service in sorted(truth.keys() | stored.keys()):
        problems += _differences(service, truth.get(service, Ledger()), stored.get(service, Ledger()))
    return Comparison(
        seen=sum(ledger.calls for ledger in truth.values()),
        stored=sum(ledger.calls for ledger in stored.values()),
        problems=tuple(problems),
    )


def _of_provider(calls: Iterable[ProviderCall]) -> dict[str, Ledger]:
    ledgers: dict[str, Ledger] = {}
    for call in calls:
        ledger = ledgers.setdefault(call.application, Ledger())
        ledger.calls += 1
        ledger.outcomes[call.outcome] += 1
        ledger.input_tokens += call.input_tokens or 0
        ledger.output_tokens += call.output_tokens or 0
    return ledgers


def _of_watchkeeper(rows: Iterable[SummaryRow]) -> dict[str, Ledger]:
    ledgers: dict[str, Ledger] = {}
    for row in rows:
        ledger = ledgers.setdefault(row.service, Ledger())
        ledger.calls += row.calls
        ledger.outcomes.update(row.outcomes)
        ledger.input_tokens += row.input_tokens or 0
        ledger.output_tokens += row.output_tokens or 0
    return ledgers


def _differences(service: str, truth: Ledger, stored: Ledger) -> Iterator[str]:
    pairs = [("calls", truth.calls, stored.calls)]
    pairs += [(outcome.value, truth.outcomes[outcome], stored.outcomes[outcome]) for outcome in OUTCOMES]
    pairs += [("input tokens", truth.input_tokens, stored.input_tokens)]
    pairs += [("output tokens", truth.output_tokens, stored.output_tokens)]
    for what, true, found in pairs:
        if true != found:
            yield f"{service}: {true:,} {what} happened, {found:,} stored"
    for name in _never(stored):
        yield f"{service}: {stored.outcomes[name]} {name}, which never happened"


def _never(stored: Ledger) -> Sequence[str]:
    possible = {Outcome.OK, *OUTCOMES}
    return [outcome for outcome, count in stored.outcomes.items() if count and outcome not in possible]
