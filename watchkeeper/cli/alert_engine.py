"""The alerts' own code for the API, which knows none of it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from alerts.channel_config import Secrets
from alerts.channels import sender, senders
from alerts.message import Message
from alerts.mute_list import mute_document, stored_mute, stored_mutes
from alerts.mutes import Mute
from alerts.preview import Past, Preview, previewed
from alerts.rules import Rules
from alerts.rules_document import AnySecret, check_from_afar, read_rules, without_secrets
from alerts.rules_file import load_rules, read_document
from alerts.rules_source import NO_RULES, stored_rules
from alerts.sending import Undelivered
from alerts.trial import trial_message
from api.alerting.engine import Document, PreviewQuestion, UnknownChannel
from watchkeeper.cli.alerting import alert_secrets, channel_parts
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings
from watchkeeper.storage.alert_mutes import StoredMute
from watchkeeper.storage.alert_rules import newest_rules
from watchkeeper.storage.client import Store
from watchkeeper.yaml_file import faults

_MOST_SHOWN = 1_000
_WRONG = "the rules do not fit"


@dataclass(frozen=True, slots=True)
class StoreAlertEngine:
    """An :class:`~api.alerting.engine.AlertEngine` over ``store``."""

    settings: Settings
    store: Store
    clock: Clock

    @property
    def rules_file(self) -> str:
        path = self.settings.alert_rules_file
        return str(path) if path is not None else ""

    def file_rules(self) -> Document:
        if self.settings.alert_rules_file is None:
            raise ConfigError(NO_RULES)
        document = read_document(self.settings.alert_rules_file)
        self._in_force(AnySecret())
        return without_secrets(document)

    def check_rules(self, rules: Document) -> None:
        secrets = alert_secrets(self.settings)
        sent_elsewhere = not secrets and self.settings.store == "clickhouse"
        made = read_rules(rules, AnySecret() if sent_elsewhere else secrets, _WRONG)
        check_from_afar(rules, made)
        if sent_elsewhere:
            # `watchkeeper alerts run` has the secrets, and goes on with the rules before where it lacks one of these.
            return
        for one in senders(made, channel_parts(self.settings, self.clock)).values():
            one.close()

    def preview(self, question: PreviewQuestion) -> Mapping[str, Any]:
        rules = (
            self._in_force(AnySecret()) if question.rules is None else read_rules(question.rules, AnySecret(), _WRONG)
        )
        begun, monotonic = self.clock.monotonic(), self.clock.monotonic
        past = Past(question.begin, question.end, lambda: (monotonic() - begun) / question.budget_s)
        found = previewed(self.store, rules, stored_mutes(self.store, question.end), past)
        return _preview_fields(found, question.begin, question.end)

    def try_channel(self, name: str) -> str:
        return try_channel(self._in_force(alert_secrets(self.settings)), name, self.settings, self.clock)

    def new_mute(self, mute: Document, by: str) -> StoredMute:
        made = read_mute({**mute, "id": uuid.uuid4().hex[:12], "made_by": by[:100]})
        return stored_mute(made, self.clock.now())

    def mutes(self) -> Sequence[Document]:
        now = self.clock.now()
        own = [{**mute_document(one), "source": "api"} for one in stored_mutes(self.store, now)]
        return own + [{**mute_document(one), "id": None, "source": "rules"} for one in self._of_the_rules(now)]

    def _in_force(self, secrets: Secrets) -> Rules:
        """The rules that count. Raises :class:`ConfigError` where there are none, or wrong ones."""
        path = self.settings.alert_rules_file
        if path is not None:
            return load_rules(path, secrets)
        found = newest_rules(self.store)
        if found is None:
            raise ConfigError(NO_RULES)
        return stored_rules(found, secrets)

    def _of_the_rules(self, now: datetime) -> list[Mute]:
        try:
            mutes = self._in_force(AnySecret()).mutes
        except ConfigError:
            # Where the rules are wrong, the mutes that people set can be seen all the same.
            return []
        return [one for one in mutes if one.end is None or one.end > now]


def try_channel(rules: Rules, name: str, settings: Settings, clock: Clock) -> str:
    """Send a test message; why it did not get through, empty where it did. Raises :class:`ConfigError`."""
    if name not in rules.channels:
        raise UnknownChannel(f"there is no channel {name!r} in the rules: they have {', '.join(rules.channels)}")
    made = sender(name, rules.channels[name], channel_parts(settings, clock))
    try:
        made.send(trial_message(name, clock.now(), uuid.uuid4().hex))
    except Undelivered as error:
        return str(error)
    finally:
        made.close()
    return ""


def read_mute(document: Document) -> Mute:
    """Raises :class:`ConfigError` for one that is wrong."""
    try:
        return Mute.model_validate(dict(document))
    except ValidationError as error:
        raise ConfigError(f"this mute is wrong: {faults(error)}") from None


def _preview_fields(found: Preview, begin: datetime, end: datetime) -> dict[str, Any]:
    return {
        "begin": begin,
        "end": end,
        "events": found.events,
        "messages": [_message_fields(one) for one in found.messages[:_MOST_SHOWN]],
        "messages_total": len(found.messages),
        "untold": [{"event": name, "reason": reason} for name, reason in found.untold[:_MOST_SHOWN]],
        "untold_total": len(found.untold),
        "complete": found.complete,
    }


def _message_fields(one: Message) -> dict[str, Any]:
    names = ("at", "channel", "rule", "title", "reason")
    return {
        **{name: getattr(one, name) for name in names},
        "verdict": one.verdict.value,
        "severity": one.severity.value,
        "lines": [line.model_dump() for line in one.lines],
        "events": [subject.id for subject in one.subjects],
    }
