"""Settings to alerts: what ``up`` and the commands of ``alerts`` build the same way."""

import secrets
from pathlib import Path

from pydantic import SecretStr

from alerts.channels import ChannelParts
from alerts.delivery_log import DeliveryLog
from alerts.keeping import Keeper
from alerts.rules_file import secrets_of
from alerts.rules_source import RulesSource
from alerts.service import AlertParts, AlertsService
from alerts.target_guard import TargetGuard
from alerts.workers import Workers, worker_maker
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics


def rules_path(settings: Settings) -> Path:
    """Where the rules are. Raises :class:`ConfigError` where that is not set."""
    if settings.alert_rules_file is None:
        raise ConfigError("there are no alert rules: set WATCHKEEPER_ALERT_RULES_FILE (docs/alerts.md has an example)")
    return settings.alert_rules_file


def alert_secrets(settings: Settings) -> dict[str, SecretStr]:
    """Secrets by name; those of the environment win. Raises :class:`ConfigError` for a directory that is unreadable."""
    found = secrets_of(settings.alert_secrets_dir) if settings.alert_secrets_dir is not None else {}
    return {**found, **settings.alert_secrets}


def rules_source(settings: Settings) -> RulesSource:
    """The rules file. Raises :class:`ConfigError` where it is wrong."""
    return RulesSource(rules_path(settings), lambda: alert_secrets(settings))


def channel_parts(settings: Settings, clock: Clock) -> ChannelParts:
    """What senders are made with. Raises :class:`ConfigError` for a private target that is none."""
    return ChannelParts(TargetGuard.allowing(settings.alert_private_targets), clock.now)


def alerts_service(settings: Settings, store: Store, metrics: Metrics, clock: Clock) -> AlertsService:
    """The service. Raises :class:`ConfigError` for settings or rules that are wrong."""
    log = DeliveryLog(store, metrics)
    return AlertsService(
        AlertParts(
            store=store,
            rules=rules_source(settings),
            keeper=Keeper(store, secrets.token_hex(8), alone=settings.store == "chdb"),
            workers=Workers(worker_maker(channel_parts(settings, clock), log)),
            log=log,
            metrics=metrics,
            clock=clock,
            link_base=settings.public_url.rstrip("/"),
        )
    )
