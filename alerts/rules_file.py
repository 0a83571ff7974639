"""The rules file: read, checked, with errors that name the place and the mend and no secret."""

from pathlib import Path

from pydantic import SecretStr

from alerts.channel_config import Secrets
from alerts.rules import Rules
from alerts.rules_document import RulesDocument, read_rules
from watchkeeper.errors import ConfigError
from watchkeeper.yaml_file import read_yaml

_MOST_SECRETS = 1_000


def read_document(path: Path) -> RulesDocument:
    """What ``path`` says, unchecked. Raises :class:`ConfigError` where it is no mapping or cannot be read."""
    try:
        raw = read_yaml(path, "alert rules file")
    except RecursionError:
        raise ConfigError(f"alert rules file {path} is nested too deeply") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"alert rules file {path} must be a mapping with `channels` and `rules`")
    return raw


def load_rules(path: Path, secrets: Secrets) -> Rules:
    """The rules of ``path``. Raises :class:`ConfigError` naming file, place and mend."""
    return read_rules(read_document(path), secrets, f"alert rules file {path} is wrong")


def secrets_of(directory: Path) -> dict[str, SecretStr]:
    """Secrets of a directory with one file each, named as the secret. Raises :class:`ConfigError` where unreadable."""
    try:
        files = [file for file in sorted(directory.iterdir()) if file.is_file() and not file.name.startswith(".")]
        return {file.name: SecretStr(file.read_text("utf-8").strip()) for file in files[:_MOST_SECRETS]}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "a file is not UTF-8"
        raise ConfigError(f"directory of alert secrets {directory} cannot be read: {reason}") from None
