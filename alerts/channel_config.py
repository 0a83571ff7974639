"""Channels as the rules file writes them. Secrets stand there by name (``{secret: NAME}``) or, where nobody else reads
the file, as they are."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo

from alerts.length import Length
from alerts.record import Record

Secrets = Mapping[str, SecretStr]
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def _secret(value: Any, info: ValidationInfo) -> Any:
    """A secret by its name; names are looked up in the context of the validation."""
    if not isinstance(value, dict):
        return value
    name = value.get("secret")
    if set(value) != {"secret"} or not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("write {secret: NAME}, or the value itself in quotes")
    known: Secrets = (info.context or {}).get("secrets", {})
    if name not in known:
        raise ValueError(
            f"there is no secret {name!r}: set it in WATCHKEEPER_ALERT_SECRETS, "
            f"or write it into a file {name} in WATCHKEEPER_ALERT_SECRETS_DIR"
        )
    return known[name]


Secret = Annotated[SecretStr, BeforeValidator(_secret), Field(min_length=1, max_length=4_096)]


class _Channel(Record):
    give_up: Length = timedelta(hours=24)
    """A message that could not be delivered for so long is given up."""
    takes_charts: ClassVar[bool] = False
    """Are messages made with a chart?"""


class WebhookChannel(_Channel):
    """POST of JSON, signed."""

    takes_charts = True
    type: Literal["webhook"]
    url: Secret
    signing_key: Secret


class SlackChannel(_Channel):
    """An incoming webhook of Slack, with Block Kit."""

    type: Literal["slack"]
    url: Secret


class PagerDutyChannel(_Channel):
    """Events API v2."""

    type: Literal["pagerduty"]
    routing_key: Secret
    url: str = Field("https://events.pagerduty.com/v2/enqueue", max_length=2_000)


class AppriseChannel(_Channel):
    """Whatever apprise knows: Teams, Discord, e-mail, Telegram, ntfy, …"""

    takes_charts = True
    type: Literal["apprise"]
    url: Secret


ChannelConfig = Annotated[
    WebhookChannel | SlackChannel | PagerDutyChannel | AppriseChannel, Field(discriminator="type")
]
