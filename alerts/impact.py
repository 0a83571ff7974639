"""What a case did to calls and money, as far as stored calls tell."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Impact:
    """Calls since the begin. None is not known."""

    calls: int
    failed: int
    """Errors, timeouts and calls turned away."""
    spent_usd: Decimal | None
    """None where no call has a known cost."""
    unpriced: int
    """Calls without a price, which ``spent_usd`` leaves out."""
