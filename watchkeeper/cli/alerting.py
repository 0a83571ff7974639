"""Settings to alerts: what ``up`` and the commands of ``alerts`` build the same way."""

import secrets

from pydantic import SecretStr

from alerts.channels import ChannelParts
from alerts.delivery_log import DeliveryLog
from alerts.deprecation_watch import Catalogue
from alerts.keeping import Keeper
from alerts.rules_file import secrets_of
from alerts.rules_source import RulesInForce, RulesSource, StoredRules
from alerts.service import AlertParts, AlertsService
from alerts.target_guard import TargetGuard
from alerts.workers import Workers, worker_maker
from watchkeeper.clock import Clock
from watchkeeper.settings import Settings
from watchkeeper.storage.alert_rules import newest_version
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics, logger

_log = logger("alerts")


def alert_secrets(settings: Settings) -> dict[str, SecretStr]:
    """Secrets by name; those of the environment win. Raises :class:`ConfigError` for a directory that is unreadable."""
    found = secrets_of(settings.alert_secrets_dir) if settings.alert_secrets_dir is not None else {}
    return {**found, **settings.alert_secrets}


def rules_source(settings: Settings, store: Store) -> RulesInForce:
    """The rules file where one is set, which wins; else what was set through the API.

    Raises :class:`ConfigError` for a file that is wrong.
    """

    def secrets_now() -> dict[str, SecretStr]:
        return alert_secrets(settings)

    if settings.alert_rules_file is None:
        return StoredRules(store, secrets_now)
    if newest_version(store):
        _log.warning("rules that were set through the API do not count: the rules file wins")
    return RulesSource(settings.alert_rules_file, secrets_now)


def channel_parts(settings: Settings, clock: Clock) -> ChannelParts:
    """What senders are made with. Raises :class:`ConfigError` for a private target that is none."""
    return ChannelParts(TargetGuard.allowing(settings.alert_private_targets), clock.now)


def alerts_service(
    settings: Settings, store: Store, metrics: Metrics, clock: Clock, catalogue: Catalogue
) -> AlertsService:
    """The service. Raises :class:`ConfigError` for settings or rules that are wrong."""
    log = DeliveryLog(store, metrics)
    return AlertsService(
        AlertParts(
            store=store,
            rules=rules_source(settings, store),
            keeper=Keeper(store, secrets.token_hex(8), alone=settings.store == "chdb"),
            workers=Workers(worker_maker(channel_parts(settings, clock), log)),
            log=log,
            metrics=metrics,
            clock=clock,
            catalogue=catalogue,
            link_base=settings.public_url.rstrip("/"),
        )
    )
