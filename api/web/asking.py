"""Pages that answer a question of their address: what all of them have, and how they refuse one that makes no sense."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fastapi import Request, Response

from api.filters import Chosen
from api.problems import Problem
from api.web.address import Address
from api.web.filters_shown import FILTERS, PERIOD, Chip, Choice, Span, chips, periods, span_of
from api.web.parts import WebParts
from watchkeeper.storage.call_filter import CallFilter

_UNFIT = 422
MOST_BYTES, MOST_PARAMETERS = 8 * 1024, 100
"""Of a query string. Each filter is a link that holds all the others: a page grows with the square of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which calls a page is about, and how a reader sees that."""

    address: Address
    chosen: Chosen
    tenants: tuple[str, ...]
    span: Span
    chips: tuple[Chip, ...]
    periods: tuple[Choice, ...]
    others: tuple[tuple[str, str], ...]
    """Parameters that the form of the period carries along."""

    @property
    def calls(self) -> CallFilter:
        """The filter. Raises :class:`Problem` as :meth:`~api.filters.Chosen.within`."""
        return self.chosen.within(self.span, self.tenants)

    @property
    def days(self) -> float:
        """Length of the period."""
        begin, end = self.span
        return (end - begin).total_seconds() / 86_400


def question(
    parts: WebParts, address: Address, tenants: tuple[str, ...], default: str, own: Iterable[str] = ()
) -> Question:
    """The question of ``address``, which may hold filters, a period and the page's ``own`` parameters.

    ``default`` is the period where none is given. Raises :class:`Problem` (403, 422).
    """
    address.check_known((*FILTERS, *PERIOD, *own))
    span = span_of(address, parts.clock.now(), default)
    parts.bounds.check_period(*span)
    found = Question(
        address=address,
        chosen=address.read(Chosen),
        tenants=tenants,
        span=span,
        chips=chips(address),
        periods=periods(address, default),
        others=address.without((*PERIOD, "cursor")),
    )
    _ = found.calls  # refuses filters that make no sense before anything is read
    return found


def answered(parts: WebParts, request: Request, title: str, make: Callable[[Address], Response]) -> Response:
    """What ``make`` says to the address of ``request``; where that does not fit, a page that says what to mend."""
    address = _address(request)
    try:
        return make(address)
    except Problem as problem:
        if problem.status != _UNFIT:
            raise
        return parts.renderer.page(
            request, "unfit.html", _UNFIT, title=title, problem=problem, address=address, chips=chips(address)
        )


def _address(request: Request) -> Address:
    pairs = request.query_params.multi_items()
    if len(request.scope["query_string"]) > MOST_BYTES or len(pairs) > MOST_PARAMETERS:
        raise Problem(
            414,
            "The address is too long",
            f"Pages take {MOST_PARAMETERS} parameters of {MOST_BYTES:,} bytes together: take filters away.",
        )
    return Address.of(request.scope["path"], pairs)
