"""Facts of Grafana's HTTP API: which statuses an operation answers with, which fields bodies have.

``contract.json`` was made from the client that is generated from Grafana's OpenAPI description; :data:`BESIDES` has
what Grafana's handlers answer although the description does not say so.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

CONTRACT = json.loads(Path(__file__).with_name("contract.json").read_text(encoding="utf-8"))
CONTRACT["models"]["ProvisionedAlertRule"]["properties"]["execErrState"]["enum"].append("KeepLast")
"""Taken since Grafana 10.4, which the description has not followed."""
_ANY_RULE = "/v1/provisioning/alert-rules"
BESIDES = {
    f"GET {_ANY_RULE}/{{uid}}": {401, 500},
    f"POST {_ANY_RULE}": {401, 409, 500},
    f"PUT {_ANY_RULE}/{{uid}}": {401, 404, 409, 500},
}
NOT_DESCRIBED = ("GET /frontend/settings", "GET /plugins")
"""Operations that the description leaves out."""


def operation(method: str, path: str) -> tuple[str, dict[str, str]]:
    """The operation that serves ``path`` and its parameters; raises LookupError for none."""
    for name in (*CONTRACT["operations"], *NOT_DESCRIBED):
        verb, _, template = name.partition(" ")
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        if verb == method and (found := re.fullmatch(pattern, path)):
            return name, found.groupdict()
    raise LookupError(f"Grafana has no {method} {path}")


def request_faults(name: str, body: Any) -> Iterator[str]:
    """What is wrong with a request's body."""
    model = CONTRACT["operations"].get(name, {}).get("request")
    if model is None and body is not None:
        yield f"{name} takes no body"
    elif model is not None:
        yield from _faults(f"request of {name}", model, body)


def answer_faults(name: str, status: int, body: Any) -> Iterator[str]:
    """What is wrong with our own stand-in's answer."""
    if name in NOT_DESCRIBED:
        return
    described = CONTRACT["operations"][name]["answers"]
    if str(status) not in described and status not in BESIDES.get(name, ()):
        yield f"{name} never answers {status}"
    if status < 300 and isinstance(body, list) and described[str(status)] == "DashboardVersionResponseMeta":
        # Grafana 10 answered with the versions themselves.
        body = {"versions": body}
    if status < 300:
        yield from _faults(f"answer of {name}", described[str(status)], body)


def _faults(what: str, model: str, body: Any) -> Iterator[str]:
    schema = {"$ref": f"#/models/{model}", "models": CONTRACT["models"]}
    for error in Draft202012Validator(schema).iter_errors(body):
        yield f"{what}, {error.json_path}: {error.message}"
