"""What one combination of provider, model, tier and moment costs, in integers.

A unit price is an integer number of pico-dollars a token: one pico-dollar a token is 0.000001 dollars per
million tokens, finer than any published price, and ``tokens * price`` stays exact in 64 bits for every count
that the schema can hold (at most ``2**32 - 1``) up to :data:`MOST_USD_PER_MILLION`.
"""

from bisect import bisect_left
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

PICO_PER_USD_PER_MILLION = 1_000_000
NANO_PER_USD = 1_000_000_000
MOST_USD_PER_MILLION = 2_000
UNKNOWN = -1
"""A unit price nobody stated. Never a price of zero."""


class PriceKey(NamedTuple):
    """The names that decide a price, as the emitter wrote them."""

    provider: str
    request_model: str
    model: str
    tier: str = ""


class UnitPrices(NamedTuple):
    """Pico-dollars a token, :data:`UNKNOWN` where not stated; ``request`` is nano-dollars a call."""

    input: int = UNKNOWN
    cache_read: int = UNKNOWN
    cache_write: int = UNKNOWN
    output: int = UNKNOWN
    reasoning: int = UNKNOWN
    request: int = 0

    def completed(self) -> "UnitPrices":
        """Cached input without a price of its own costs plain input, reasoning costs plain output."""
        return UnitPrices(
            self.input,
            _either(self.cache_read, self.input),
            _either(self.cache_write, self.input),
            self.output,
            _either(self.reasoning, self.output),
            self.request,
        )

    def times(self, factor: Decimal) -> "UnitPrices":
        """These prices after a discount; unknown stays unknown."""
        return UnitPrices(
            *(price if price == UNKNOWN else int((price * factor).to_integral_value(ROUND_HALF_EVEN)) for price in self)
        )


@dataclass(frozen=True, slots=True)
class Quote:
    """Unit prices by input size.

    ``brackets[0]`` holds up to ``above[0]`` input tokens, ``brackets[i + 1]`` for every call with more than
    ``above[i]``: for *all* tokens of the call, as providers bill it.
    """

    above: tuple[int, ...]
    brackets: tuple[UnitPrices, ...]
    version: str

    def at(self, input_tokens: int) -> UnitPrices:
        """The prices of a call with ``input_tokens``."""
        return self.brackets[bisect_left(self.above, input_tokens)]

    def times(self, factor: Decimal, version: str) -> "Quote":
        """This quote after a discount."""
        return Quote(self.above, tuple(prices.times(factor) for prices in self.brackets), version)


def pico_per_token(usd_per_million: Decimal) -> int:
    """An integer unit price, rounded half to even at the sixth decimal of dollars per million tokens."""
    return int((usd_per_million * PICO_PER_USD_PER_MILLION).to_integral_value(ROUND_HALF_EVEN))


def nano_per_call(usd_per_call: Decimal) -> int:
    """A fee per request in nano-dollars."""
    return int((usd_per_call * NANO_PER_USD).to_integral_value(ROUND_HALF_EVEN))


def _either(price: int, fallback: int) -> int:
    return fallback if price == UNKNOWN else price
