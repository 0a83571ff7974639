"""Rules as a document, of a file or of the API: checked, and shown without what is secret in it."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from alerts.channel_config import ChannelConfig, PagerDutyChannel, Secrets
from alerts.rules import Rules
from watchkeeper.errors import ConfigError
from watchkeeper.yaml_file import faults

RulesDocument = Mapping[str, Any]
HIDDEN = "hidden"
"""Stands as a name for a secret that a file holds in so many words."""
_PAGERDUTY = ("events.pagerduty.com", "events.eu.pagerduty.com")
_MODELS: tuple[type[BaseModel], ...] = get_args(get_args(ChannelConfig)[0])
_SECRET_KEYS: Mapping[str, frozenset[str]] = {
    model.model_fields["type"].annotation.__args__[0]: frozenset(  # type: ignore[union-attr]  # a Literal of one word
        name for name, field in model.model_fields.items() if field.annotation is SecretStr
    )
    for model in _MODELS
}
"""By the type of a channel, which of its keys are secrets."""


class AnySecret(dict[str, SecretStr]):
    """Knows every name: for rules that are looked at and send nothing."""

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, _: str) -> SecretStr:
        return SecretStr("https://hidden.invalid")


def read_rules(document: RulesDocument, secrets: Secrets, wrong: str) -> Rules:
    """The rules. Raises :class:`ConfigError` that begins with ``wrong`` and names place and mend."""
    try:
        return Rules.model_validate(dict(document), context={"secrets": secrets})
    except ValidationError as error:
        raise ConfigError(f"{wrong}: {faults(error)}") from None
    except RecursionError:
        raise ConfigError(f"{wrong}: it is nested too deeply") from None


def check_from_afar(document: RulesDocument, rules: Rules) -> None:
    """Are these rules that may come over the network? ``rules`` are those of ``document``.

    They may name no address and hold no secret: else whoever writes rules could have any secret that they can name sent
    to wherever they like. Raises :class:`ConfigError`, which shows neither.
    """
    for name, key, value in _secret_places(document):
        if not isinstance(value, dict):
            raise ConfigError(
                f"channels.{name}.{key}: rules of the API hold no secret and no address: write {{secret: NAME}}, and "
                "set NAME where the alerts run, in WATCHKEEPER_ALERT_SECRETS or WATCHKEEPER_ALERT_SECRETS_DIR"
            )
    for name, config in rules.channels.items():
        if isinstance(config, PagerDutyChannel) and not _is_of_pagerduty(config.url):
            raise ConfigError(
                f"channels.{name}.url: rules of the API send routing keys to https://{' or https://'.join(_PAGERDUTY)} "
                "only: write one of these, or use a rules file"
            )


def without_secrets(document: RulesDocument) -> dict[str, Any]:
    """``document``, which is right, with :data:`HIDDEN` for each secret that stands there in so many words."""
    channels = {name: dict(channel) for name, channel in document["channels"].items()}
    for name, key, value in _secret_places(document):
        if not isinstance(value, dict):
            channels[name][key] = {"secret": HIDDEN}
    for channel in channels.values():
        if channel["type"] == "pagerduty" and "url" in channel:
            channel["url"] = _without_password(channel["url"])
    return {**document, "channels": channels}


def _secret_places(document: RulesDocument) -> Iterator[tuple[str, str, Any]]:
    """Name of the channel, key, and what stands there."""
    for name, channel in document["channels"].items():
        for key in sorted(_SECRET_KEYS[channel["type"]] & channel.keys()):
            yield name, key, channel[key]


def _is_of_pagerduty(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.netloc in _PAGERDUTY


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
