"""Which validators the application has installed."""

import importlib
from functools import cache
from types import ModuleType


@cache
def installed(name: str) -> ModuleType | None:
    """The optional package ``name``, or None. Looked for once: searching the disk is no work for a caller's thread."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
