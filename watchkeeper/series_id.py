"""The short name of a series, the same wherever it is told: in regressions, in commands, in paths of the API."""

import hashlib

ANY = "*"
"""Stands for "all of them": in a parent, which is one requested model over all services, routes and served models."""


def series_id(service: str, route: str, provider: str, request_model: str, model: str) -> str:
    """Twelve hex digits."""
    text = "\0".join((service, route, provider, request_model, model))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
