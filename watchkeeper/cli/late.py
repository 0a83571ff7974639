"""Modules that are imported when something of them is used, so that help costs no more than it says.

The type checker sees the import, the interpreter the stand-in::

    if TYPE_CHECKING:
        from watchkeeper.cli import doctor
    else:
        doctor = Late("watchkeeper.cli.doctor")
"""

from importlib import import_module
from typing import Any


class Late:
    """Stands for the module ``name``. Raises :class:`ImportError` at first use where there is none."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)
