"""Channels of the rules file as senders."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from alerts.channel_config import AppriseChannel, ChannelConfig, PagerDutyChannel, SlackChannel
from alerts.http_channels import PagerDutySender, SlackSender, WebhookSender
from alerts.http_post import HttpPost, checked_url
from alerts.rules import Rules
from alerts.sending import Sender
from alerts.target_guard import TargetGuard
from watchkeeper.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ChannelParts:
    """What senders are made with."""

    guard: TargetGuard
    now: Callable[[], datetime]
    verify: ssl.SSLContext | None = None
    """Whose certificates are trusted; None: those of the public."""


def senders(rules: Rules, parts: ChannelParts) -> dict[str, Sender]:
    """A sender for each channel. Raises :class:`ConfigError` naming the channel whose address is none."""
    return {name: sender(name, config, parts) for name, config in rules.channels.items()}


def sender(name: str, config: ChannelConfig, parts: ChannelParts) -> Sender:
    """The sender of one channel. Raises as :func:`senders` does."""
    try:
        return _made(config, parts)
    except (ConfigError, ValueError) as error:
        raise ConfigError(f"channel {name!r} of the alert rules: {error}") from None


def _made(config: ChannelConfig, parts: ChannelParts) -> Sender:
    if isinstance(config, AppriseChannel):
        made: Sender = import_module("alerts.apprise_channel").apprise_sender(config, parts.guard)
        return made
    checked_url(config.url if isinstance(config, PagerDutyChannel) else config.url.get_secret_value())
    http = HttpPost(parts.guard, verify=parts.verify)
    if isinstance(config, SlackChannel):
        return SlackSender(config, http)
    if isinstance(config, PagerDutyChannel):
        return PagerDutySender(config, http)
    return WebhookSender(config, http, parts.now)
