"""The rules as the file says them now: read again when it changes, the old ones kept while the new are wrong."""

from collections.abc import Callable
from pathlib import Path

from alerts.channel_config import Secrets
from alerts.rules import Rules
from alerts.rules_file import load_rules
from watchkeeper.errors import ConfigError
from watchkeeper.telemetry import logger

_log = logger("alerts")


class RulesSource:
    """One file. Raises :class:`ConfigError` at the start for a file that is wrong."""

    def __init__(self, path: Path, secrets: Callable[[], Secrets]) -> None:
        self._path, self._secrets = path, secrets
        self._stamp = _stamp(path)
        self._rules = load_rules(path, secrets())
        self.problem = ""
        """Why what is in the file now does not count; empty where it does."""

    def current(self) -> Rules:
        """The rules that count."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._rules, self.problem = load_rules(self._path, self._secrets()), ""
                _log.info("the alert rules were read again", file=str(self._path))
            except ConfigError as error:
                self.problem = f"{error}; the rules before it count on"
                _log.error("the alert rules are wrong, those before count on", error=str(error))
        return self._rules


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
