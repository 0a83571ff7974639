"""The user's own prices: a YAML file that extends and overrides genai-prices and applies discounts.

docs/pricing.md describes the file and carries an example that a test reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from watchkeeper.errors import ConfigError
from watchkeeper.price_names import canonical_tier, list_provider, references, spellings, split_prefix
from watchkeeper.price_quote import (
    MOST_USD_PER_MILLION,
    PriceKey,
    Quote,
    UnitPrices,
    nano_per_call,
    pico_per_token,
)
from watchkeeper.yaml_file import faults, read_yaml

_MOST_ENTRIES = 10_000


def _decimal(value: Any) -> Any:
    # YAML reads 0.15 as a binary float; its shortest text is what the user wrote.
    return Decimal(repr(value)) if isinstance(value, float) else value


def _words(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Usd = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=MOST_USD_PER_MILLION, allow_inf_nan=False)]
Factor = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=10, allow_inf_nan=False)]
Word = Annotated[str, Field(min_length=1, max_length=300)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_words), Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Above(_Part):
    """Prices of calls with more than ``input_tokens`` input tokens; what is left out stays as below."""

    input_tokens: int = Field(ge=1, lt=2**32)
    input: Usd | None = None
    output: Usd | None = None
    cache_read: Usd | None = None
    cache_write: Usd | None = None
    reasoning: Usd | None = None


class _Scoped(_Part):
    """Whom an entry is for, and when; dates are UTC days, ``until`` is the first day without it."""

    provider: Word | None = None
    from_: date | None = Field(None, alias="from")
    until: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ and self.until and self.from_ >= self.until:
            raise ValueError("`from` must be before `until`, the first day without the entry")
        return self

    def covers(self, provider: str, moment: datetime) -> bool:
        """Does the entry hold for a call of ``provider`` at ``moment``?"""
        if self.provider and self.provider.lower() not in (provider.lower(), list_provider(provider)):
            return False
        begun = self.from_ is None or moment >= _midnight(self.from_)
        return begun and (self.until is None or moment < _midnight(self.until))


class Price(_Scoped):
    """Dollars per million tokens of one or several models."""

    model: Words
    tier: str = ""
    input: Usd
    output: Usd | None = None
    cache_read: Usd | None = None
    cache_write: Usd | None = None
    reasoning: Usd | None = None
    per_request: Usd = Decimal(0)
    above: tuple[Above, ...] = ()

    @field_validator("above")
    @classmethod
    def _ascending(cls, above: tuple[Above, ...]) -> tuple[Above, ...]:
        sizes = [step.input_tokens for step in above]
        if sizes != sorted(set(sizes)):
            raise ValueError("`input_tokens` must grow from one step to the next")
        return above

    def applies(self, key: PriceKey, names: Sequence[str], moment: datetime) -> bool:
        """Does the entry price ``names`` of ``key`` at ``moment``?"""
        tier_fits = self.tier == "*" or canonical_tier(self.tier) == canonical_tier(key.tier)
        patterns = [pattern.lower() for pattern in self.model]
        named = any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
        return tier_fits and named and self.covers(key.provider, moment)

    def quote(self, version: str) -> Quote:
        """The entry as integers."""
        brackets = [_unit_prices(self, UnitPrices(request=nano_per_call(self.per_request)))]
        for step in self.above:
            brackets.append(_unit_prices(step, brackets[-1]))
        return Quote(tuple(step.input_tokens for step in self.above), tuple(b.completed() for b in brackets), version)


class Discount(_Scoped):
    """A factor on genai-prices' prices: 0.85 is 15 % off. Prices of the file itself are final."""

    model: Words = ("*",)
    multiplier: Factor

    def applies(self, key: PriceKey, names: Sequence[str], moment: datetime) -> bool:
        """Does the discount hold for ``names`` of ``key`` at ``moment``?"""
        patterns = [pattern.lower() for pattern in self.model]
        named = any(fnmatchcase(name, pattern) for name in names or ("",) for pattern in patterns)
        return named and self.covers(key.provider, moment)


class _File(_Part):
    version: Annotated[str, Field(min_length=1, max_length=100)]
    currency: Literal["usd", "USD"] = "usd"
    prices: Annotated[tuple[Price, ...], Field(max_length=_MOST_ENTRIES)] = ()
    discounts: Annotated[tuple[Discount, ...], Field(max_length=_MOST_ENTRIES)] = ()


@dataclass(frozen=True, slots=True)
class PriceFile:
    """A checked price file. Of several entries that fit a call, the last one wins."""

    version: str
    prices: tuple[Price, ...] = ()
    discounts: tuple[Discount, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read ``path``. Raises :class:`ConfigError` naming the file, the place inside it and the mend."""
        return cls.parse(read_yaml(path, "price file"), path)

    @classmethod
    def parse(cls, raw: Any, path: Path) -> Self:
        """Check what ``path`` says. Raises :class:`ConfigError` as :meth:`load` does."""
        if not isinstance(raw, dict):
            raise ConfigError(f"price file {path} must be a mapping: `version`, `prices` (docs/pricing.md)")
        try:
            file = _File.model_validate(raw)
        except ValidationError as error:
            raise ConfigError(f"price file {path} is wrong: {faults(error)} (docs/pricing.md)") from None
        except InvalidOperation:
            raise ConfigError(f"price file {path} is wrong: a number is not a number (docs/pricing.md)") from None
        return cls(file.version, file.prices, file.discounts)

    def quote(self, key: PriceKey, moment: datetime) -> Quote | None:
        """The file's own price: of the served model if it states one, else of the one asked for."""
        for reference in references(key.request_model, key.model):
            names = _names(reference)
            for price in reversed(self.prices):
                if price.applies(key, names, moment):
                    return price.quote(self.version)
        return None

    def discount(self, key: PriceKey, moment: datetime) -> Decimal | None:
        """The factor on the list price of ``key``; None where nothing was negotiated."""
        names = [name for reference in references(key.request_model, key.model) for name in _names(reference)]
        fitting = (d.multiplier for d in reversed(self.discounts) if d.applies(key, names, moment))
        return next(fitting, None)


def _names(reference: str) -> tuple[str, ...]:
    return (*spellings(reference), split_prefix(reference)[1])


def _unit_prices(stated: Price | Above, below: UnitPrices) -> UnitPrices:
    def pico(price: Decimal | None, otherwise: int) -> int:
        return otherwise if price is None else pico_per_token(price)

    return UnitPrices(
        input=pico(stated.input, below.input),
        cache_read=pico(stated.cache_read, below.cache_read),
        cache_write=pico(stated.cache_write, below.cache_write),
        output=pico(stated.output, below.output),
        reasoning=pico(stated.reasoning, below.reasoning),
        request=below.request,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
