"""Fixtures of the whole suite; each kind of outside part has a file of its own in tests/fixtures."""

import os

from hypothesis import settings

# In CI the same examples every time: a change is judged by what it changes. At home new ones are looked for.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

pytest_plugins = ["tests.distribution", "tests.fixtures.store", "tests.fixtures.broker"]
