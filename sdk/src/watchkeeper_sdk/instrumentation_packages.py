"""Installed instrumentations: found by their entry points, told apart by the distribution each comes from.

Different makers use the same entry point names, and even the same module paths. Nothing is imported to look at them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points, version
from typing import Any

from watchkeeper_sdk.instrumentation_table import Instrumentation, Library, normalised

_GROUPS = ("opentelemetry_instrumentor", "openinference_instrumentor")
_DISABLED = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"


@dataclass(frozen=True)
class Package:
    """One instrumentor of an installed distribution."""

    distribution: str
    version: str
    entry_point: EntryPoint

    @property
    def is_on(self) -> bool:
        """Has anybody in this process switched it on? What was never imported is not."""
        made = getattr(self._instrumentor_class(), "_instance", None)
        return bool(getattr(made, "is_instrumented_by_opentelemetry", False))

    @property
    def is_being_imported(self) -> bool:
        """Is the application just now importing it, to switch it on itself?"""
        spec = getattr(sys.modules.get(self.entry_point.module), "__spec__", None)
        return bool(getattr(spec, "_initializing", False))

    @property
    def is_disabled(self) -> bool:
        """By OpenTelemetry's own variable, which names entry points."""
        names = {name.strip() for name in os.environ.get(_DISABLED, "").split(",")}
        return "*" in names or self.entry_point.name in names

    def instrumentor(self) -> Any:
        """The instrumentor; one per class and process. Imports the package, so raises whatever that raises."""
        found = self.entry_point.load()
        # Constructing again would undo what the application configured by its own construction.
        return getattr(found, "_instance", None) or found()

    def conflict(self, library: Library) -> str:
        """Why it cannot instrument the installed release, in words; empty: it can."""
        for wanted in _instruments(self.entry_point):
            if library.is_named((wanted.name,)):
                here = _version(wanted.name)
                if not here or not wanted.specifier.contains(here, prereleases=True):
                    bound = f"{wanted.name}{wanted.specifier}"
                    return f"{self.distribution} needs {bound}; installed: {here or 'none'}"
        return ""

    def _instrumentor_class(self) -> Any:
        module = sys.modules.get(self.entry_point.module)
        return getattr(module, self.entry_point.attr, None)


def find_packages() -> tuple[Package, ...]:
    """Every installed instrumentor, of whatever library. Reads the metadata of all distributions: some 20 ms."""
    installed = entry_points()
    found: dict[tuple[str, str], Package] = {}
    for group in _GROUPS:
        for one in installed.select(group=group):
            dist = getattr(one, "dist", None)
            if dist is not None:
                name = normalised(dist.name)
                found.setdefault((name, one.value), Package(name, dist.version, one))
    return tuple(found.values())


def usable(library: Library, packages: Sequence[Package]) -> list[tuple[Package, Instrumentation]]:
    """Those the library's row names, best first."""
    return [
        (package, instrumentation)
        for instrumentation in library.instrumentations
        for package in packages
        if package.distribution == instrumentation.distribution
        and instrumentation.entry_point in ("", package.entry_point.name)
    ]


def rivals(library: Library, packages: Sequence[Package]) -> list[Package]:
    """All that may instrument the library, of makers unknown here as well."""
    named = [package for package, _ in usable(library, packages)]
    return named + [one for one in packages if one not in named and library.is_named((one.entry_point.name,))]


def _instruments(entry_point: EntryPoint) -> Iterator[Any]:
    """The releases that the distribution says it instruments."""
    from packaging.requirements import Requirement  # noqa: PLC0415  every instrumentation depends on it

    for line in getattr(entry_point.dist, "requires", None) or ():
        requirement = Requirement(line)
        if requirement.marker is not None and "extra" in line:
            extras = ("instruments", "instruments-any")
            if any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
                yield requirement


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except ImportError:  # PackageNotFoundError is one
        return ""
