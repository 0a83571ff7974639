"""The pages about costs, as tabs that keep the filters and the period."""

from api.web.address import Address
from api.web.filters_shown import FILTERS, PERIOD, Choice

_TABS = {
    "/costs": "Breakdown",
    "/costs/drivers": "Why it changed",
    "/costs/forecast": "Forecast and budgets",
    "/costs/what-if": "What if",
}


def cost_tabs(address: Address, current: str) -> tuple[Choice, ...]:
    """A link for each page, with what of ``address`` all of them understand."""
    kept = address.only((*FILTERS, *PERIOD))
    return tuple(Choice(path, text, kept.link(path), path == current) for path, text in _TABS.items())
