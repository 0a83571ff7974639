"""Asks ``GET /v1/costs``."""

from collections.abc import Mapping
from typing import Any

from fastapi.testclient import TestClient

from api.costs.models import CostsAnswer


def costs(api: TestClient, **query: Any) -> Mapping[str, Any]:
    """The answer, which is what the OpenAPI document says, byte for byte."""
    answer = api.get("/v1/costs", params=query)
    assert answer.status_code == 200, answer.text
    found: Mapping[str, Any] = answer.json()
    assert CostsAnswer.model_validate(found).model_dump(mode="json") == found
    return found
