"""Small, medium or large: a rule that can be stated, as providers state no sizes.

A number of parameters in the name decides (``8b``, ``8x22b`` counts as 176): below 15 billion is small, below 80
medium. Else the price does: three parts input and one part output below 0.75 dollars per million tokens is small,
below 3 medium. Without either the size is not known.
"""

import re
from decimal import Decimal

from watchkeeper.catalog.facts import ListPrice, ModelFacts, Size

RULE = (
    "As the catalogue file says; else by parameters in the name (below 15 billion small, below 80 medium); "
    "else by price, (3 x input + output) / 4 dollars per million tokens (below 0.75 small, below 3 medium)."
)
_PARAMETERS = re.compile(r"(?:^|[-_/:. ])(?:(\d{1,3})x)?(\d{1,4}(?:\.\d{1,2})?)b(?=$|[-_/:. @])")
_BY_PARAMETERS = ((Decimal(15), Size.SMALL), (Decimal(80), Size.MEDIUM))
_BY_PRICE = ((Decimal("0.75"), Size.SMALL), (Decimal(3), Size.MEDIUM))


def size_of(facts: ModelFacts, price: ListPrice | None) -> Size | None:
    """The size of ``facts``, which cost ``price``."""
    if facts.size is not None:
        return facts.size
    if found := _PARAMETERS.search(facts.model.lower()):
        return _below(Decimal(found[1] or 1) * Decimal(found[2]), _BY_PARAMETERS)
    if price is not None and price.output > 0:
        return _below((3 * price.input + price.output) / 4, _BY_PRICE)
    return None


def _below(amount: Decimal, bounds: tuple[tuple[Decimal, Size], ...]) -> Size:
    return next((size for bound, size in bounds if amount < bound), Size.LARGE)
