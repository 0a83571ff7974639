"""Fixtures of the whole suite; each kind of outside part has a file of its own in tests/fixtures."""

pytest_plugins = ["tests.fixtures.store", "tests.fixtures.broker"]
