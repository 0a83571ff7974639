"""What the Kafka exporter is told: by argument, else by environment, else the default; checked at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

SECURITY_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
SASL_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
COMPRESSIONS: Final = ("lz4", "zstd", "gzip", "snappy", "none")

_LEAST_MESSAGE_BYTES = 1_024
_MOST_MESSAGE_BYTES = 100_000_000
_TIMEOUTS_S = (0.5, 600.0)
_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_SERVER = re.compile(r"(\[[0-9a-fA-F:.%\w]+\]|[^\s:/,\[\]]+)(:(\d{1,5}))?")
_MOST_PORT = 65_535


@dataclass(frozen=True)
class KafkaConfig:
    """Where spans are written to and how. Made by :meth:`read`."""

    bootstrap_servers: tuple[str, ...]
    topic: str
    client_id: str
    compression: str
    max_message_bytes: int
    timeout_s: float
    security_protocol: str
    sasl_mechanism: str
    sasl_username: str
    sasl_password: str = field(repr=False)
    ssl_cafile: str
    ssl_certfile: str
    ssl_keyfile: str

    @classmethod
    def read(cls, given: Mapping[str, object], environment: Mapping[str, str] = os.environ) -> KafkaConfig:
        """Raises :class:`ValueError` naming the argument or variable, its value (never a password) and the mend."""
        config = cls(**{setting.name: setting.read(given, environment) for setting in _SETTINGS})
        _check_sasl(config)
        _check_tls(config)
        return config

    def connection_settings(self) -> dict[str, Any]:
        """The client library's arguments for reaching the brokers."""
        settings: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
        }
        if self.sasl_mechanism:
            settings |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password,
            }
        files = {"ssl_cafile": self.ssl_cafile, "ssl_certfile": self.ssl_certfile, "ssl_keyfile": self.ssl_keyfile}
        return settings | {name: path for name, path in files.items() if path}


@dataclass(frozen=True)
class _Setting:
    name: str
    variables: tuple[str, ...]
    default: Any
    check: Callable[[str, Any], Any]
    """Takes where the value is from and the value; gives what is used, or raises."""

    def read(self, given: Mapping[str, object], environment: Mapping[str, str]) -> Any:
        value = given.get(self.name)
        if value is not None:
            return self.check(self.name, value)
        for variable in self.variables:
            if environment.get(variable):  # an empty variable is no setting
                return self.check(variable, environment[variable])
        return self.default


def _servers(source: str, value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"{source}={value!r}: give host:port, several separated by commas or as a list")
    if any("@" in part for part in parts):  # whatever stands before it is not shown
        raise ValueError(f"{source} holds credentials; give host:port, and sasl_username and sasl_password")
    servers = tuple(part.strip() for part in parts if part.strip())
    wrong = [server for server in servers if not _is_server(server)]
    if wrong or not servers:
        raise ValueError(f"{source}={value!r}: {wrong[0] if wrong else 'nothing'!r} is no address; give host:port")
    return servers


def _is_server(server: str) -> bool:
    found = _SERVER.fullmatch(server)
    return found is not None and (found[3] is None or 0 < int(found[3]) <= _MOST_PORT)


def _topic(source: str, value: object) -> str:
    if not isinstance(value, str) or not _TOPIC.fullmatch(value) or value in (".", ".."):
        raise ValueError(f"{source}={value!r}: a topic is 1 to 249 letters, digits, dots, dashes and underscores")
    return value


def _text(source: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{source} must be a text, not {type(value).__name__}")
    return value


def _name(source: str, value: object) -> str:
    text = _text(source, value)
    if not text.isprintable() or not text.strip():
        raise ValueError(f"{source}={value!r}: give a name of printable characters")
    return text


def _path(source: str, value: object) -> str:
    if not isinstance(value, (str, os.PathLike)) or not os.path.isfile(value):
        raise ValueError(f"{source}={value!r}: there is no such file; give the path of a PEM file")
    return os.fspath(value)


def _word(allowed: Sequence[str]) -> Callable[[str, object], str]:
    by_word = {word.lower(): word for word in allowed}

    def check(source: str, value: object) -> str:
        found = by_word.get(value.lower()) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"{source}={value!r}: use one of {', '.join(allowed)}")
        return found

    return check


def _message_bytes(source: str, value: object) -> int:
    number = _number(source, value, int, "a whole number of bytes")
    if not _LEAST_MESSAGE_BYTES <= number <= _MOST_MESSAGE_BYTES:
        raise ValueError(f"{source}={value!r}: give {_LEAST_MESSAGE_BYTES} to {_MOST_MESSAGE_BYTES} bytes")
    return int(number)


def _seconds(source: str, value: object) -> float:
    number = _number(source, value, float, "a number of seconds")
    least, most = _TIMEOUTS_S
    if not least <= number <= most:
        raise ValueError(f"{source}={value!r}: give {least:g} to {most:g} seconds")
    return float(number)


def _number(source: str, value: Any, kind: type[int] | type[float], wanted: str) -> int | float:
    try:
        if isinstance(value, bool) or (kind is int and isinstance(value, float)):
            raise ValueError
        return kind(value)
    except (TypeError, ValueError):
        raise ValueError(f"{source}={value!r}: give {wanted}") from None


def _check_sasl(config: KafkaConfig) -> None:
    protocol, mechanism = config.security_protocol, config.sasl_mechanism
    if protocol.startswith("SASL_"):
        if not mechanism:
            raise ValueError(f"security_protocol={protocol!r} needs sasl_mechanism: {', '.join(SASL_MECHANISMS)}")
        if not (config.sasl_username and config.sasl_password):
            raise ValueError(f"sasl_mechanism={mechanism!r} needs sasl_username and sasl_password")
    elif mechanism or config.sasl_username or config.sasl_password:
        raise ValueError(f"security_protocol={protocol!r} sends no credentials: use SASL_SSL, or leave out sasl_*")


def _check_tls(config: KafkaConfig) -> None:
    if config.ssl_keyfile and not config.ssl_certfile:
        raise ValueError("ssl_keyfile needs ssl_certfile, the certificate that belongs to it")
    files = config.ssl_cafile or config.ssl_certfile
    if files and not config.security_protocol.endswith("SSL"):
        raise ValueError(f"security_protocol={config.security_protocol!r} does not use {files!r}: use SSL or SASL_SSL")


def _variable(name: str) -> tuple[str, ...]:
    return (f"WATCHKEEPER_KAFKA_{name}",)


_SETTINGS: Final = (
    _Setting(
        "bootstrap_servers",
        ("WATCHKEEPER_KAFKA", *_variable("BOOTSTRAP_SERVERS")),
        ("localhost:9092",),
        _servers,
    ),
    _Setting("topic", _variable("TOPIC"), "otlp_spans", _topic),
    _Setting("client_id", _variable("CLIENT_ID"), "watchkeeper-sdk", _name),
    _Setting("compression", _variable("COMPRESSION"), "lz4", _word(COMPRESSIONS)),
    _Setting("max_message_bytes", _variable("MAX_MESSAGE_BYTES"), 1_000_000, _message_bytes),
    _Setting("timeout_s", _variable("TIMEOUT"), 10.0, _seconds),
    _Setting("security_protocol", _variable("SECURITY_PROTOCOL"), "PLAINTEXT", _word(SECURITY_PROTOCOLS)),
    _Setting("sasl_mechanism", _variable("SASL_MECHANISM"), "", _word(SASL_MECHANISMS)),
    _Setting("sasl_username", _variable("SASL_USERNAME"), "", _text),
    _Setting("sasl_password", _variable("SASL_PASSWORD"), "", _text),
    _Setting("ssl_cafile", _variable("SSL_CAFILE"), "", _path),
    _Setting("ssl_certfile", _variable("SSL_CERTFILE"), "", _path),
    _Setting("ssl_keyfile", _variable("SSL_KEYFILE"), "", _path),
)
