"""Money in answers: exact in plain digits, and rounded in sentences."""

from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer

Dollars = Annotated[
    Decimal, PlainSerializer(lambda amount: f"{amount:f}", return_type=str, when_used="json-unless-none")
]
"""Dollars as a JSON string of plain digits: ``str`` would write nothing of nine decimals as ``0E-9``."""


def usd(amount: Decimal | float) -> str:
    """Dollars for people: to the cent, small amounts with two digits that count."""
    value = float(amount)
    if value == 0 or abs(value) >= 0.1:
        return f"${value:,.2f}"
    return f"${Decimal(f'{value:.1e}').normalize():f}"
