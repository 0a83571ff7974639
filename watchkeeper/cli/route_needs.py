"""What a file states of routes, as the API uses it."""

from api.requirements.requirements_file import RequirementsFile
from watchkeeper.settings import Settings


def requirements_of(settings: Settings) -> RequirementsFile:
    """What the file of ``settings`` says; empty without one. Raises :class:`~watchkeeper.errors.ConfigError`."""
    path = settings.requirements_file
    return RequirementsFile.load(path) if path else RequirementsFile()
