"""Channels over HTTP: the signed webhook, Slack and PagerDuty."""

from collections.abc import Callable
from datetime import datetime

import orjson

from alerts.channel_config import PagerDutyChannel, SlackChannel, WebhookChannel
from alerts.http_post import HttpPost, Post
from alerts.message import Message
from alerts.pagerduty import pagerduty_payload, pagerduty_url
from alerts.slack import slack_payload
from alerts.webhook import signed_headers, webhook_body

_JSON = {"Content-Type": "application/json"}


class WebhookSender:
    """See :mod:`alerts.webhook`."""

    def __init__(self, config: WebhookChannel, http: HttpPost, now: Callable[[], datetime]) -> None:
        self._config, self._http, self._now = config, http, now

    def send(self, message: Message) -> None:
        """Signed at this moment: a repetition has another signature and the same key."""
        body = webhook_body(message)
        secret = self._config.signing_key.get_secret_value()
        headers = signed_headers(body, message.key, secret, int(self._now().timestamp()))
        self._http.send(Post(self._config.url.get_secret_value(), body, headers))

    def close(self) -> None:
        self._http.close()


class SlackSender:
    """An incoming webhook."""

    def __init__(self, config: SlackChannel, http: HttpPost) -> None:
        self._config, self._http = config, http

    def send(self, message: Message) -> None:
        body = orjson.dumps(slack_payload(message))
        self._http.send(Post(self._config.url.get_secret_value(), body, _JSON))

    def close(self) -> None:
        self._http.close()


class PagerDutySender:
    """Events API v2."""

    def __init__(self, config: PagerDutyChannel, http: HttpPost) -> None:
        self._config, self._http = config, http

    def send(self, message: Message) -> None:
        body = orjson.dumps(pagerduty_payload(message, self._config.routing_key.get_secret_value()))
        self._http.send(Post(pagerduty_url(message, self._config.url), body, _JSON))

    def close(self) -> None:
        self._http.close()
