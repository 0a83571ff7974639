"""The short name of a series, the same wherever it is told: in regressions, in commands, in paths of the API."""

import hashlib

ANY = "*"
"""Stands for "all of them": in a parent, which is one requested model over all services, routes and served models."""


def series_id(service: str, route: str, provider: str, request_model: str, model: str) -> str:
    """Twelve hex digits."""
    text = "\0".join((service, route, provider, request_model, model))
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


SHORTEST_BEGIN = 4
"""Letters of an id that may stand for the whole of it, where no other begins so."""


def is_begin(text: str, whole: str) -> bool:
    """May ``text`` stand for the id ``whole``?"""
    return len(text) >= SHORTEST_BEGIN and whole.startswith(text.lower())
