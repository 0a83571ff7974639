"""``/costs/what-if``: what the calls of a period would have cost on another model, tier or cache."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access import Scope
from api.catalog.parts import CatalogParts
from api.problems import Problem
from api.routes.what_if import WhatIfQuestion, what_if_answer
from api.web.address import Address, validated
from api.web.asking import Question, answered, question
from api.web.cost_tabs import cost_tabs
from api.web.doors import Visit, visiting
from api.web.parts import WebParts
from api.what_if.models import CacheAssumption, Scenario, WhatIfAnswer, WhatIfRequest
from watchkeeper.errors import ConfigError
from watchkeeper.storage.what_if import Combination, combinations

Reader = Annotated[Visit, Depends(visiting(Scope.READ, scoped=True))]
_DEFAULT_PERIOD = "30d"
_OWN = ("to_provider", "to_model", "to_tier", "to_cache", "to_input_factor", "to_output_factor", "prices")
_PRICES = {"then": "of each call's own day", "today": "of today"}
_TIERS = ("", "standard", "batch", "flex", "priority")
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,4})?")
_MOST_MODELS = 100
"""Offered in the lists of the form."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What the form holds."""

    provider: str
    model: str
    tier: str
    cache_percent: str
    input_factor: str
    output_factor: str
    prices: str

    @property
    def is_asked(self) -> bool:
        """Does it ask for anything that differs?"""
        return bool(self.provider or self.model or self.tier or self.cache_percent)

    def request(self, group_by: str) -> WhatIfRequest:
        """What it asks of the API. Raises :class:`~api.problems.Problem` (422) for what makes no sense."""
        scenario: dict[str, Any] = {
            "provider": self.provider or None,
            "model": self.model or None,
            "tier": self.tier or None,
            "input_token_factor": self.input_factor,
            "output_token_factor": self.output_factor,
        }
        if self.cache_percent:
            scenario["cache"] = CacheAssumption.model_validate({"read_share": _share(self.cache_percent)})
        # The scenario first, so that an error names the field and not where it stands in the request.
        made = validated(Scenario, scenario)
        return validated(WhatIfRequest, {"scenarios": [made], "prices": self.prices, "group_by": [group_by]})


def _share(percent: str) -> Decimal:
    if not _PERCENT.fullmatch(percent) or not 0 <= (share := Decimal(percent) / 100) <= 1:
        raise Problem(422, "A parameter does not fit", f"to_cache is {percent[:40]!r}: write a number from 0 to 100.")
    return share


def router(parts: WebParts) -> APIRouter:
    """The page."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/costs/what-if")
    def what_if(request: Request, visit: Reader) -> Response:
        def page(address: Address) -> Response:
            asked = question(parts, address, visit.caller.tenants, _DEFAULT_PERIOD, _OWN)
            return parts.renderer.page(request, "costs_what_if.html", **_shown(parts, asked))

        return answered(parts, request, "What if", page)

    return routes


def _shown(parts: WebParts, asked: Question) -> dict[str, Any]:
    tried, catalog = _tried(asked.address), parts.catalog
    answer = _answer(parts, catalog, asked, tried) if catalog and tried.is_asked else None
    called = _called(parts, asked)[:_MOST_MODELS]
    return {
        "asked": asked,
        "tabs": cost_tabs(asked.address, "/costs/what-if"),
        "tried": tried,
        "others": asked.address.without((*_OWN, "model")),
        "answer": answer,
        "scenario": answer.scenarios[0] if answer and answer.scenarios else None,
        "models": sorted({one.model for one in called if one.model}),
        "providers": sorted({one.provider for one in called if one.provider}),
        "tiers": _TIERS,
        "prices": _PRICES,
        "has_catalog": catalog is not None,
    }


def _called(parts: WebParts, asked: Question) -> list[Combination]:
    """What the form offers: models that were called, whichever is chosen now."""
    try:
        return combinations(parts.reader, replace(asked.calls, model=()))
    except ConfigError:
        # Too many to offer; they can be written.
        return []


def _tried(address: Address) -> Tried:
    return Tried(
        provider=address.one("to_provider"),
        model=address.one("to_model"),
        tier=address.one("to_tier"),
        cache_percent=address.one("to_cache"),
        input_factor=address.one("to_input_factor", "1"),
        output_factor=address.one("to_output_factor", "1"),
        prices=address.choice("prices", _PRICES, "then"),
    )


def _answer(parts: WebParts, catalog: CatalogParts, asked: Question, tried: Tried) -> WhatIfAnswer:
    wanted = tried.request("route")
    return what_if_answer(WhatIfQuestion(parts.reader, catalog, wanted, asked.calls, parts.clock.now()))
