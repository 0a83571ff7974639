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


def in_words(service: str, route: str, provider: str, request_model: str) -> str:
    """A model and where it is used, e.g. ``openai/gpt-x on shop/buy``; parts that are unknown are left out."""
    model = "/".join(part for part in (provider, request_model) if part) or "a model without a name"
    if provider == request_model == ANY:
        return "all models"
    place = "all routes" if route == ANY else "/".join(part for part in (service, route) if part)
    return f"{model} on {place}" if place else model
