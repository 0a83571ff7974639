"""Fixtures of the API's tests."""

from tests.api.client import api

__all__ = ["api"]
