"""What a failed attempt means to the person who can mend it."""

from __future__ import annotations

from typing import Final

from watchkeeper_sdk._safety import say
from watchkeeper_sdk.kafka_client_logs import Cause
from watchkeeper_sdk.kafka_config import KafkaConfig

_CREDENTIALS: Final = "see WATCHKEEPER_KAFKA_SASL_USERNAME and WATCHKEEPER_KAFKA_SASL_PASSWORD"
_TOO_LARGE: Final = "raise max.message.bytes of the topic, or message.max.bytes of the brokers"
_ADDRESS: Final = (
    "are the brokers up, and WATCHKEEPER_KAFKA_BOOTSTRAP_SERVERS, _SECURITY_PROTOCOL, _SASL_… and _SSL_… right?"
)

_HINTS: Final = {
    "SaslAuthenticationFailedError": f"the brokers refuse the credentials: {_CREDENTIALS}",
    "UnsupportedSaslMechanismError": "the brokers do not offer this mechanism: see WATCHKEEPER_KAFKA_SASL_MECHANISM",
    "TopicAuthorizationFailedError": "this user may not write to the topic: give it the ACLs Write and Describe",
    "ClusterAuthorizationFailedError": "this user may not write idempotently: give it the ACL IdempotentWrite",
    "UnknownTopicOrPartitionError": "the brokers do not know the topic: create it, or see WATCHKEEPER_KAFKA_TOPIC",
    "InvalidTopicError": "the brokers refuse the topic's name: see WATCHKEEPER_KAFKA_TOPIC",
    "MessageSizeTooLargeError": _TOO_LARGE,
    "RecordListTooLargeError": _TOO_LARGE,
    "UnsupportedCompressionTypeError": "see WATCHKEEPER_KAFKA_COMPRESSION",
    "UnsupportedVersionError": "the brokers are too old: idempotent writing needs Kafka 0.11 or newer",
    "IncompatibleBrokerVersion": "the brokers are too old, or this is a controller's address",
    "KafkaTimeoutError": _ADDRESS,
}
"""By name, because the client library may not be there."""


class TopicNotFound(Exception):
    """The brokers answered, but did not say in time where the topic is."""


def tell(config: KafkaConfig, doing: str, error: BaseException, cause: Cause | None = None) -> None:
    """One line a minute for each kind of failure: where, what, and what to look at.

    ``doing`` completes "could not …"; ``cause`` is why, where ``error`` only says that the time was over.
    The error's own text is left out, it may quote what was sent; of a cause only that of a failed connection is told.
    """
    name = "UnknownTopicOrPartitionError" if isinstance(error, TopicNotFound) else type(error).__name__
    hint = _HINTS.get(name, "")
    if name == "KafkaTimeoutError" and cause is not None:
        name, hint = cause.name, _HINTS.get(cause.name) or f"{cause.text}; {_ADDRESS}"
    say(
        f"kafka:{doing}:{name}",
        "watchkeeper_sdk: could not %s: Kafka at %s, topic %s: %s%s",
        doing,
        ",".join(config.bootstrap_servers),
        config.topic,
        name,
        f" ({hint})" if hint else "",
    )
