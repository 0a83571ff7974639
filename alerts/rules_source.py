"""The rules that count now: of a file, or those that were set through the API. The old ones count on while the new are
wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import orjson

from alerts.channel_config import Secrets
from alerts.rules import Rules
from alerts.rules_document import check_from_afar, read_rules
from alerts.rules_file import load_rules
from watchkeeper.errors import ConfigError
from watchkeeper.storage.alert_rules import AlertRules, newest_rules, newest_version
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import logger

_log = logger("alerts")
NO_RULES = (
    "there are no alert rules yet: set WATCHKEEPER_ALERT_RULES_FILE, or send some with `watchkeeper alerts rules set` "
    "(docs/alerts.md has an example)"
)


class RulesInForce(Protocol):
    """Where the service has its rules from. One thread asks."""

    @property
    def problem(self) -> str:
        """Why what is there now does not count, or that there is nothing; empty where it counts."""
        ...

    def current(self) -> Rules | None:
        """The rules that count; None where there are none yet."""
        ...


class RulesSource:
    """One file, read again when it changes. Raises :class:`ConfigError` at the start for a file that is wrong."""

    def __init__(self, path: Path, secrets: Callable[[], Secrets]) -> None:
        self._path, self._secrets = path, secrets
        self._stamp = _stamp(path)
        self._rules = load_rules(path, secrets())
        self.problem = ""

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


class StoredRules:
    """The newest version of the table, read again when there is another or a secret has changed."""

    def __init__(self, store: Store, secrets: Callable[[], Secrets]) -> None:
        self._store, self._secrets = store, secrets
        self._seen: tuple[int, Secrets] = (0, {})
        self._rules: Rules | None = None
        self.problem = NO_RULES

    def current(self) -> Rules | None:
        """The rules that count; None where none were ever set, or those cannot be read."""
        version = newest_version(self._store)
        if not version:
            return self._rules
        try:
            secrets = self._secrets()
            if (version, secrets) != self._seen:
                self._seen = version, secrets
                self._rules, self.problem = _read(self._store, secrets), ""
                _log.info("the alert rules were read from the store", version=version)
        except ConfigError as error:
            told = (
                f"{error}; {'the rules before it count on' if self._rules else 'nothing is sent until they are right'}"
            )
            if told != self.problem:
                _log.error("the alert rules are wrong", error=told)
            self.problem, self._seen = told, (0, {})
        return self._rules


def stored_rules(stored: AlertRules, secrets: Secrets) -> Rules:
    """The rules of one version. Raises :class:`ConfigError` for what cannot be read, or not with these secrets."""
    document = orjson.loads(stored.rules)
    rules = read_rules(document, secrets, f"version {stored.version} of the alert rules is wrong")
    check_from_afar(document, rules)
    return rules


def _read(store: Store, secrets: Secrets) -> Rules:
    found = newest_rules(store)
    if found is None:
        raise ConfigError(NO_RULES)
    return stored_rules(found, secrets)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
