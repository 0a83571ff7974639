"""Ranges of a forecast as the API shows them."""

from api.forecasting.models import SpendRange
from watchkeeper.forecasting.forecast import Range


def spend_range(found: Range) -> SpendRange:
    """As the API shows it."""
    return SpendRange(
        expected_usd=found.expected,
        low_80_usd=found.low_80,
        high_80_usd=found.high_80,
        low_95_usd=found.low_95,
        high_95_usd=found.high_95,
    )
