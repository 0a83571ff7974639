"""What a period's cells come to together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from watchkeeper.storage.cost_cells import CostCell


@dataclass(frozen=True, slots=True)
class PeriodTotals:
    """One period. Tokens are of the calls whose cost is known; quotients are None without a divisor."""

    days: float
    calls: int
    answers: int
    """Useful calls: outcome ``ok``."""
    known_calls: int
    """With a known cost, gateway hits included."""
    unpriced_calls: int
    known_answers: int
    wasted_calls: int
    """Calls without a useful answer that used tokens."""
    cost_usd: Decimal
    wasted_usd: Decimal

    @property
    def answers_a_day(self) -> float:
        return self.answers / self.days

    @property
    def unknown_calls(self) -> int:
        """Calls that told no tokens: failures for the most part."""
        return max(0, self.calls - self.known_calls - self.unpriced_calls)

    @property
    def known_share(self) -> float | None:
        return min(1.0, self.known_answers / self.answers) if self.answers else None

    @property
    def wasted_per_100(self) -> float | None:
        return 100 * self.wasted_calls / self.answers if self.answers else None


def period_totals(cells: Sequence[CostCell], days: float) -> PeriodTotals:
    """Sums over ``cells``."""
    useful, wasted = ([cell for cell in cells if cell.useful is kind] for kind in (True, False))
    return PeriodTotals(
        days=days,
        calls=sum(cell.calls for cell in cells),
        answers=sum(cell.calls for cell in useful),
        known_calls=_known(cells),
        unpriced_calls=sum(cell.unpriced_calls for cell in cells),
        known_answers=_known(useful),
        wasted_calls=sum(cell.known_calls + cell.unpriced_calls for cell in wasted),
        cost_usd=_cost(cells),
        wasted_usd=_cost(wasted),
    )


def _known(cells: Iterable[CostCell]) -> int:
    return sum(cell.known_calls + cell.gateway_hits for cell in cells)


def _cost(cells: Iterable[CostCell]) -> Decimal:
    return sum((cell.cost_usd for cell in cells), Decimal(0))
