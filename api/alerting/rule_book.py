"""The rules in force as the API shows them, and setting them."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from api.access import Caller
from api.alerting.engine import AlertEngine
from api.alerting.models import RulesAnswer, RulesVersion, RulesVersions
from api.problems import Problem
from api.routing.items import version_fits
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.storage.alert_rules import AlertRules, newest_rules, rules_history, save_rules
from watchkeeper.storage.client import Store

MOST_BYTES = 256 * 1024
"""Of rules as JSON: what each event is compared with."""
_MOST_VERSIONS = 100
_DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Reads and writes the rules. A file, where one is set, wins over what the store holds."""

    reader: Store
    writer: Store
    clock: Clock
    engine: AlertEngine

    def in_force(self) -> RulesAnswer:
        """Raises :class:`Problem` 409 where the file is wrong."""
        if not self.engine.rules_file:
            return _answer(newest_rules(self.reader))
        try:
            rules = dict(self.engine.file_rules())
        except ConfigError as error:
            raise Problem(409, "The rules file is wrong", f"{error}.") from None
        path = self.engine.rules_file
        return RulesAnswer(source="file", file=path, version=0, rules=rules, changed_by=None, changed_at=None)

    def versions(self) -> RulesVersions:
        """Those that were set through the API, whether they count or not."""
        rows = [
            RulesVersion(
                version=one.version, rules=orjson.loads(one.rules), changed_by=one.changed_by, changed_at=one.changed_at
            )
            for one in rules_history(self.reader)[:_MOST_VERSIONS]
        ]
        return RulesVersions(rows=rows)

    def put(self, rules: dict[str, Any], caller: Caller, if_match: str | None) -> RulesAnswer:
        """The rules as they are now; a new version where they were different.

        Raises :class:`Problem` 409 where a file holds the rules or somebody was faster, 412 where they are no longer
        what was seen, 422 for rules that are wrong.
        """
        if self.engine.rules_file:
            raise Problem(
                409,
                "The rules are in a file",
                f"{self.engine.rules_file} holds the alert rules, and a file wins: change it there (it is read again "
                "by itself), or start without WATCHKEEPER_ALERT_RULES_FILE.",
            )
        before = newest_rules(self.writer)
        version = before.version if before is not None else 0
        if if_match is not None and not version_fits(if_match, version):
            raise Problem(
                412, "They were changed", f"the rules have version {version} now: read them and decide again."
            )
        text = self.checked(rules)
        if before is not None and before.rules == text:
            return _answer(before)
        made = AlertRules(version + 1, text, caller.name, self.clock.now())
        if not save_rules(self.writer, made):
            raise Problem(409, "Somebody was faster", f"version {made.version} is theirs: read it and decide again.")
        return _answer(made)

    def checked(self, rules: dict[str, Any]) -> str:
        """``rules`` as they are stored. Raises :class:`Problem` 422 for rules that are wrong."""
        text = sized(rules)
        try:
            self.engine.check_rules(rules)
        except ConfigError as error:
            raise Problem(422, "The rules are wrong", f"{error}.") from None
        return text


def sized(rules: dict[str, Any]) -> str:
    """``rules`` as JSON. Raises :class:`Problem` 422 where they are too large."""
    try:
        text = orjson.dumps(rules).decode()
    except orjson.JSONEncodeError:
        raise Problem(422, "The rules are wrong", "they hold what is no plain JSON, such as a broken text.") from None
    if len(text) > MOST_BYTES:
        raise Problem(422, "The rules are wrong", f"they are {len(text):,} bytes long: {MOST_BYTES:,} are possible.")
    return text


def rules_tag(answer: RulesAnswer) -> str:
    """The ETag: the version, or a digest of what the file says."""
    if answer.source != "file":
        return f'"{answer.version}"'
    text = orjson.dumps(answer.model_dump(mode="json")["rules"])
    return f'"file-{hashlib.sha256(text).hexdigest()[:_DIGEST_CHARACTERS]}"'


def _answer(found: AlertRules | None) -> RulesAnswer:
    if found is None:
        return RulesAnswer(source="none", file=None, version=0, rules=None, changed_by=None, changed_at=None)
    return RulesAnswer(
        source="api",
        file=None,
        version=found.version,
        rules=orjson.loads(found.rules),
        changed_by=found.changed_by,
        changed_at=found.changed_at,
    )
