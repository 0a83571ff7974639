"""How to reach the Kafka brokers, and what their refusals mean to us."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kafka import errors
from kafka.net.compat import KafkaNetClient

from watchkeeper.errors import ConfigError, Transient

_RECONNECT_MAX_MS = 2_000

_CONFIGURATION = (
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.AuthorizationError,
    errors.FencedInstanceIdError,
    errors.InvalidGroupIdError,
    errors.InvalidSessionTimeoutError,
    errors.InconsistentGroupProtocolError,
    errors.KafkaConfigurationError,
    errors.UnsupportedCodecError,
)


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """Addresses and credentials; the same for consumer, producer and admin client."""

    bootstrap_servers: tuple[str, ...]
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = ""
    sasl_username: str = ""
    sasl_password: str = field(default="", repr=False)
    ssl_cafile: str = ""
    client_id: str = "watchkeeper"
    bootstrap_timeout_s: float = 30.0
    metadata_max_age_s: float = 60.0
    """How soon new partitions are found."""

    def settings(self) -> dict[str, Any]:
        """The client library's keyword arguments."""
        settings: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
            "bootstrap_timeout_ms": int(self.bootstrap_timeout_s * 1000),
            # The library's 30 s would keep us away half a minute after a broker is back.
            "reconnect_backoff_max_ms": _RECONNECT_MAX_MS,
            "metadata_max_age_ms": int(self.metadata_max_age_s * 1000),
        }
        if self.sasl_mechanism:
            settings |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password,
            }
        if self.ssl_cafile:
            settings["ssl_cafile"] = self.ssl_cafile
        return settings

    def open(self, kind: Callable[..., Any], settings: Mapping[str, Any] | None = None) -> Any:
        """A client of ``kind`` (a class of the client library). Raises as :meth:`told` does."""
        made: list[Any] = []

        def client(**given: Any) -> Any:
            made.append(KafkaNetClient(**given))
            return made[-1]

        with self.told("connect"):
            try:
                return kind(**(settings if settings is not None else self.settings()), kafka_client=client)
            except errors.KafkaError:
                # The library would leave its I/O thread and sockets behind, once for each attempt.
                for opened in made:
                    opened.close()
                raise

    @contextmanager
    def told(self, doing: str) -> Iterator[None]:
        """Turn the client library's errors into ours; ``doing`` completes "could not …".

        Raises :class:`ConfigError` for what only a person can mend, :class:`Transient` for everything else.
        """
        try:
            yield
        except _CONFIGURATION as error:
            raise ConfigError(f"could not {doing}: {self._where()}: {_said(error)}") from None
        except errors.KafkaError as error:
            raise Transient(f"could not {doing}: {self._where()}: {_said(error)}") from None

    def _where(self) -> str:
        return f"Kafka at {','.join(self.bootstrap_servers)}"


def _said(error: errors.KafkaError) -> str:
    hint = _HINTS.get(type(error), "")
    return f"{type(error).__name__}{f' ({hint})' if hint else ''}"


_HINTS: dict[type[Exception], str] = {
    errors.SaslAuthenticationFailedError: "check WATCHKEEPER_KAFKA_SASL_USERNAME and _PASSWORD",
    errors.UnsupportedSaslMechanismError: "check WATCHKEEPER_KAFKA_SASL_MECHANISM",
    errors.TopicAuthorizationFailedError: "the user may not read or write the topic: check the broker's ACLs",
    errors.GroupAuthorizationFailedError: "the user may not use the consumer group: check the broker's ACLs",
    errors.FencedInstanceIdError: "another process uses the same WATCHKEEPER_KAFKA_GROUP_INSTANCE_ID",
    errors.InvalidSessionTimeoutError: "the broker does not allow this session timeout",
    errors.UnsupportedCodecError: "install the codec of the topic's compression",
    errors.KafkaTimeoutError: "no answer in time: is the broker up, and WATCHKEEPER_KAFKA_BOOTSTRAP_SERVERS right?",
}
