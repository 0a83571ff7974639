"""Fixtures of the command line's tests."""

from tests.cli.command import on_store, watchkeeper

__all__ = ["on_store", "watchkeeper"]
