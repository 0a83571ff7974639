"""Channels through apprise: whatever has one of its addresses (Teams, Discord, e-mail, Telegram, ntfy, …).

Imported only where a rules file has such a channel: it brings two hundred services along.
"""

import logging

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType
from apprise.attachment.memory import AttachMemory

from alerts.channel_config import AppriseChannel
from alerts.message import Message
from alerts.picture import picture
from alerts.plain_text import markdown, title
from alerts.sending import Sender, Undelivered
from alerts.target_guard import TargetGuard
from alerts.verdict import Verdict
from watchkeeper.errors import ConfigError

_TIMEOUT_S = 20
_KINDS = {"critical": NotifyType.FAILURE, "warning": NotifyType.WARNING, "info": NotifyType.INFO}


class AppriseSender:
    """One address. The guard is asked before each message; apprise itself connects, by its own look-up of the name."""

    def __init__(self, config: AppriseChannel, guard: TargetGuard) -> None:
        # Its log lines show addresses, and with them what is secret in them.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        asset = AppriseAsset(
            app_id="Watchkeeper",
            app_desc="Watchkeeper",
            app_url="",
            async_mode=False,
            http_redirects=False,
            storage_mode="memory",
            service_timeout=_TIMEOUT_S,
        )
        made = Apprise.instantiate(config.url.get_secret_value(), asset=asset, suppress_exceptions=True)
        if not isinstance(made, NotifyBase):
            raise ConfigError("its `url` is no address that apprise understands: see the list of services in its docs")
        self._service, self._guard = made, guard
        self._apprise = Apprise(made, asset=asset)
        self._drawn: tuple[str, bytes | None] = "", None
        self._plain_next = ""

    def send(self, message: Message) -> None:
        """What went wrong is known to apprise alone: its own words may hold secrets.

        A message that was not taken with its picture is tried without it next, and so on by turns: apprise does not say
        whether it was the picture that was not wanted.
        """
        host = getattr(self._service, "host", None)
        if isinstance(host, str) and host:
            port = getattr(self._service, "port", None) or (443 if getattr(self._service, "secure", True) else 80)
            self._guard.address(host, int(port))
        kind = NotifyType.SUCCESS if message.verdict is Verdict.END else _KINDS[message.severity]
        drawn = self._picture(message) if self._plain_next != message.key else None
        attached = _attached(drawn) if drawn else None
        sent = self._apprise.notify(
            body=markdown(message),
            title=title(message),
            notify_type=kind,
            body_format=NotifyFormat.MARKDOWN,
            attach=attached,
        )
        self._plain_next = message.key if drawn and not sent else ""
        if not sent:
            raise Undelivered(f"{self._service.service_name or 'the service'} did not take it")

    def _picture(self, message: Message) -> bytes | None:
        """Of a message that is sent again it is not drawn again."""
        if message.chart is None or not self._service.attachment_support:
            return None
        if self._drawn[0] != message.key:
            self._drawn = message.key, picture(message.chart)
        return self._drawn[1]

    def close(self) -> None:
        """It holds no connection."""


def _attached(drawn: bytes) -> AttachMemory:
    return AttachMemory(content=drawn, name="chart.png", mimetype="image/png")  # type: ignore[no-untyped-call]


def apprise_sender(config: AppriseChannel, guard: TargetGuard) -> Sender:
    """Raises :class:`ConfigError` for an address that is none."""
    return AppriseSender(config, guard)
